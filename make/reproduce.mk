# The claims of the paper's appendix, one program each. examples/reproduce/programs.py says which programs
# and with which arguments; RDM_FLAGS and its like, on the command line or in the environment, add to
# them. What is done is kept: `rm -r build/report` starts anew.

# As many programs side by side as make may run.
jobs_of = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),1)

# $(call run_programs,folder,full or quick,target)
run_programs = python3 examples/reproduce/run.py $(BUILD)/$(1) $(BUILD)/examples $(2) $(jobs_of) \
  $(call quoted,$(strip make $(3) $(MAKEOVERRIDES)))

reproduce: deps-report ## every claim of the paper: build/report/index.html (under 2 hours on 2 cores)
	@$(MAKE) reproduce-run

reproduce-run: $(EXAMPLES)
	@$(call run_programs,report,full,reproduce)

reproduce-quick: deps-report ## the same at reduced size: build/report-quick (under 8 minutes)
	@$(MAKE) reproduce-quick-run

reproduce-quick-run: $(EXAMPLES)
	@$(call run_programs,report-quick,quick,reproduce-quick)

# The tables and figures of a full run, for the repository.
results: $(EXAMPLES) ## what make reproduce made into docs/results
	$(Q)python3 examples/reproduce/keep.py $(BUILD)/report $(BUILD)/examples docs/results

# Methods in deep networks, beside each other. DEPTH_STUDIES names some of examples/depth/arms.py.
DEPTH_STUDIES :=
depth: deps-report ## compare methods in networks of 20 and 50 layers: build/depth (hours; goes on where it was)
	@$(MAKE) depth-run

depth-run: $(BUILD)/examples/mnist
	@python3 -B examples/depth/run.py $< $(BUILD)/depth $(DEPTH_STUDIES)

depth-times: $(BUILD)/examples/mnist ## how long their steps take, on a quiet machine (minutes)
	@python3 -B examples/depth/times.py $< $(BUILD)/depth

depth-results: ## what make depth found into docs/depth
	@python3 -B examples/depth/report.py $(BUILD)/depth docs/depth
