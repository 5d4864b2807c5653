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
