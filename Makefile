# libdni's build: GNU make alone, no configure step. `make help` lists targets and settings.
#
# The settings in make/settings.mk and DESTDIR are the user's and never added to; what the library cannot
# do without is kept apart. A build remembers its settings; changing them rebuilds what they touch.

MAKEFLAGS += --no-builtin-rules --no-print-directory
# All cores, unless the command line has a -j of its own, which wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

# Several goals are made one after the other, each by a make of its own. Side by side, clean would remove
# what all has just built, and check would build what all is building.
ifneq ($(word 2,$(MAKECMDGOALS)),)
.PHONY: in-order $(MAKECMDGOALS)
$(sort $(MAKECMDGOALS)): in-order ; @:
in-order:
	+@for goal in $(MAKECMDGOALS); do $(MAKE) "$$goal" || exit 1; done
else

BUILD        := build
INSTALL      ?= install
MNIST_FLAGS  :=
# For check: a command to put before each test program.
TEST_PREFIX  :=

INSTALLING := $(filter install uninstall,$(MAKECMDGOALS))
include make/settings.mk
ifeq ($(filter help clean format check-format docs dist,$(MAKECMDGOALS)),)
include make/refuse.mk
endif

# The version is written once, in include/dni/status.h. ABI is the number in the soname: 0 until the
# interface is frozen, 1 from version 1.0 on; it then goes up only when a program linked to the older
# library would break.
number  = $(shell sed -n 's/^.define DNI_VERSION_$(1) //p' include/dni/status.h)
VERSION := $(call number,MAJOR).$(call number,MINOR).$(call number,PATCH)
ABI     := 0

.DELETE_ON_ERROR:
ifneq ($(V),1)
Q := @
say = @echo '  $(1)';
endif
# A text as one word of the shell.
quoted = '$(subst ','\'',$(1))'

# The settings of this build, for what builds something else with them and for the scripts of the checks.
same_settings = $(foreach name,$(COMPILE_SETTINGS) CXX,\
  $(if $(or $(filter-out PKG_CONFIG_%,$(name)),$($(name))),$(name)=$(call quoted,$($(name)))))

# Flags. --------------------------------------------------------------------------------------

# What is found through pkg-config. A fresh machine has none of it while this file is read, so
# targets that may install packages (see deps) do their work in a second make.
# The library is not linked with the BLAS: only its soname is built in.
LINKED_PACKAGES := $(if $(filter none,$(FILES)),,zlib jansson)
# Of libxxhash the header alone, which is compiled in.
HEADER_PACKAGES := $(if $(filter none,$(FILES)),,libxxhash)
PACKAGES := $(strip $(filter-out none,$(BLAS)) $(LINKED_PACKAGES) $(HEADER_PACKAGES))
# make does not pass on its own variables to $(shell): where pkg-config looks is said in each command.
pkg_config_places = $(foreach name,PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR,\
  $(if $($(name)),$(name)=$(call quoted,$($(name)))))
package_flags = $(shell $(pkg_config_places) $(PKG_CONFIG) $(1) 2>/dev/null)
NEEDED := compiler $(if $(PACKAGES),pkg-config) $(PACKAGES)
NEEDED_FOR_TESTS := compiler pkg-config $(PACKAGES) check
PACKAGE_CFLAGS := $(call package_flags,--cflags $(LINKED_PACKAGES) $(HEADER_PACKAGES))
PACKAGE_LIBS   := $(call package_flags,--libs $(LINKED_PACKAGES))
# Found out when it is first needed, which is after deps.
CBLAS_LIBRARY = $(eval CBLAS_LIBRARY := $(shell $(same_settings) sh make/soname.sh $(BLAS)))$(CBLAS_LIBRARY)

# psabi: on i386, compilers differ in how atomic fields and vectors are passed on. Neither leaves the
# library.
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wno-psabi
# Files of more than 2 GB, and of large numbers, where addresses have 32 bits.
REQUIRED := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Iinclude -pthread -MMD -MP $(WARNINGS)
# Results must not depend on errno or on traps; the compiler vectorises more without them.
# A C++ exception may pass through on its way from a callback to its catch.
LIBRARY_FLAGS = -Ilib -fvisibility=hidden -fexceptions -fno-math-errno -fno-trapping-math \
                 $(PACKAGE_CFLAGS)
# Not among the settings of a build: it changes nothing of what is built.
STRICT := $(if $(filter 1 true,$(CI)),-Werror)
ifneq ($(BLAS),none)
LIBRARY_FLAGS += -DDNI_BLAS_NAME='"$(BLAS)"' -DDNI_CBLAS_LIBRARY='"$(CBLAS_LIBRARY)"'
endif
ifeq ($(FILES),none)
LIBRARY_FLAGS += -DDNI_NO_FILES
endif
TEST_FLAGS := -Ilib $(call package_flags,--cflags check)
TEST_LIBS  := $(call package_flags,--libs check)
LIBS := $(PACKAGE_LIBS) -lm -pthread -ldl
# Sanitizers leave their own symbols open in a shared library.
NO_UNDEFINED := $(if $(findstring -fsanitize,$(CFLAGS) $(LDFLAGS)),,-Wl,-z,defs)

# TEST_CFLAGS, of tests/portability/check.sh, come after the user's when tests are compiled.
# $(call COMPILE,flags before the user's,flags after them)
COMPILE = $(call say,CC    $@)$(CC) $(REQUIRED) $(STRICT) $(1) $(CPPFLAGS) $(CFLAGS) $(2) -c -o $@ $<

# Files. --------------------------------------------------------------------------------------

STATIC := $(BUILD)/lib/libdni.a
SHARED := $(BUILD)/lib/libdni.so.$(VERSION)
LINKS  := $(BUILD)/lib/libdni.so.$(ABI) $(BUILD)/lib/libdni.so
HEADERS := dni.h $(patsubst include/%,%,$(sort $(wildcard include/dni/*.h)))

# lib/sg/callback.c is sg_callback.o: files of the same name in two folders would be confused in
# the archive, which knows no folders.
SOURCES := $(sort $(wildcard lib/*/*.c))
object_name = $(subst /,_,$(1:lib/%.c=%.o))
OBJECTS := $(foreach source,$(SOURCES),$(BUILD)/objects/$(call object_name,$(source)))

# Programs: examples/x.c or all of examples/x/*.c (with a main.c) become build/examples/x,
# tests/test_x.c build/tests/test_x, tests/bench/x.c or all of tests/bench/x/*.c (with a main.c)
# build/bench/x; tests/bench/peers/x.c, workers of bench-peers alone, build/bench/peers/x.
EXAMPLES := $(patsubst examples/%.c,$(BUILD)/examples/%,$(wildcard examples/*.c)) \
            $(patsubst examples/%/main.c,$(BUILD)/examples/%,$(wildcard examples/*/main.c))
# Suites that FILES=none does without: they are about files.
FILE_SUITES := callback_faults dataset_files dataset_forms dataset_in_file file_memory io_faults kept_files \
  many_layers messages network_files old_files own_checkpoint own_loop resume resumed_fits safetensors saving
SUITES   := $(patsubst %.c,$(BUILD)/%,$(sort $(filter-out $(if $(filter none,$(FILES)),\
              $(FILE_SUITES:%=tests/test_%.c)),$(wildcard tests/test_*.c))))
BENCHES  := $(patsubst tests/%.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c))) \
            $(patsubst tests/%/main.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*/main.c)))
PEERS    := $(BUILD)/bench/peers/dni_step
RANDOM   := $(BUILD)/tests/random
# Of tests/fuzz: what needs no files, and the rest. FUZZ_ENGINE, for make fuzz, stands for libFuzzer.
FUZZ_NAMES  := calls $(if $(filter none,$(FILES)),,csv idx idx_gzip network old_network training)
FUZZERS     := $(FUZZ_NAMES:%=$(BUILD)/tests/fuzz/%)
FUZZ_SEEDS  := $(if $(filter none,$(FILES)),,$(BUILD)/tests/fuzz/seeds)
FUZZ_ENGINE :=
# Programs that are installed: all of programs/x/*.c, with programs/common and what they need of
# examples/common, become build/bin/dni-x. They are about files, so FILES=none does without them.
TOOL_NAMES  := $(if $(filter none,$(FILES)),,$(patsubst programs/%/main.c,%,$(sort $(wildcard programs/*/main.c))))
TOOLS       := $(TOOL_NAMES:%=$(BUILD)/bin/dni-%)
MAN_PAGES   := $(foreach name,$(TOOL_NAMES),programs/$(name)/dni-$(name).1)
TOOL_SHARED := programs/common/*.c \
  $(foreach name,arguments digit_files messages output svg,examples/common/$(name).c)
PROGRAMS := $(EXAMPLES) $(TOOLS) $(SUITES) $(RANDOM) $(FUZZERS) $(FUZZ_SEEDS) $(BENCHES) $(PEERS)

# Targets. ------------------------------------------------------------------------------------

.PHONY: all lib examples programs tests deps deps-checks deps-report help mnist mnist-run reproduce reproduce-run \
        reproduce-quick reproduce-quick-run results depth depth-run depth-times depth-results bench bench-accuracy bench-aged bench-aged-run bench-bindings bench-endurance bench-peers bench-peers-run deps-peers \
        check check-run check-suites check-suites-run check-asan check-tsan check-valgrind check-clang \
        check-faults check-faults-run check-builtin check-random check-random-run check-matrix check-portability check-packages check-all abi-check abi-store \
        fuzz fuzz-run fuzz-threads fuzz-threads-run coverage coverage-run \
        format check-format docs dist install uninstall clean remember FORCE

all: lib programs examples ## the libraries, the programs and the examples (the default)
lib: $(STATIC) $(LINKS) ## build/lib/libdni.a and build/lib/libdni.so
programs: $(TOOLS) ## build/bin/dni-train and build/bin/dni-info
examples: $(EXAMPLES) ## build/examples/*
tests: $(SUITES) $(RANDOM) $(FUZZERS) $(FUZZ_SEEDS) ## build/tests/*

help: ## this list
	@echo 'Targets:'
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile make/reproduce.mk | while read -r name text; do \
	  printf '  %-16s %s\n' "$$name" "$$text"; done
	@echo 'Settings, which a build remembers until make clean: CC CXX AR CFLAGS CPPFLAGS LDFLAGS LDLIBS;'
	@echo '  BLAS=<pkg-config name>|none [openblas]; FILES=none leaves all files out, and zlib, jansson, xxhash;'
	@echo '  PREFIX [/usr/local] LIBDIR INCLUDEDIR PKGCONFIGDIR BINDIR MANDIR; PKG_CONFIG and its PKG_CONFIG_PATH,'
	@echo '  PKG_CONFIG_LIBDIR, PKG_CONFIG_SYSROOT_DIR.'
	@echo 'For one make: BUILD [build], the directory of a build; DESTDIR; V=1 shows the commands; CI=1'
	@echo '  makes warnings errors; MNIST_FLAGS; for reproduce RDM_FLAGS ARTIFICIAL_FLAGS and so on, one'
	@echo '  for each program; for bench-peers PEERS_PYTHON PEERS_FLAGS.'

deps: ## install what is missing of compiler, pkg-config, BLAS, zlib, jansson, xxhash and Check, or say what
	@$(require) $(NEEDED_FOR_TESTS)

# koffi and TypeScript come from npm and go into the build; what cannot be had is left out of the checks.
deps-checks: ## what only some checks need: NumPy, LuaJIT, C++, clang, CMake, Meson, pandoc, Doxygen; with npm koffi
	@$(require) numpy luajit c++ clang cmake meson pandoc doxygen || echo 'libdni: what is missing is left out' >&2
	@mkdir -p $(BUILD)/node && cd $(BUILD)/node && [ -d node_modules/typescript ] || ! command -v npm >/dev/null || \
	  npm install --silent --no-package-lock --no-audit --no-fund koffi@3 typescript@5 @types/node@20 >/dev/null || \
	  echo 'libdni: npm installs no koffi; Node.js is left out' >&2

deps-report: ## the same of what reproduce needs: BLAS, zlib, jansson, xxhash, gnuplot, Python
	@$(require) $(NEEDED) gnuplot python3

require = $(same_settings) sh make/require.sh

# Records of what decides how files are compiled and linked. They are rewritten, and what depends on them
# rebuilt, only when their content changes; what is missing for a build is then said before anything else.
# make install does not build with other settings than those that are recorded, and writes no settings.
COMPILED_WITH := $(BUILD)/compiled-with
TESTED_WITH   := $(BUILD)/tested-with
LINKED_WITH   := $(BUILD)/linked-with
RECORDS       := $(COMPILED_WITH) $(TESTED_WITH) $(LINKED_WITH)
$(COMPILED_WITH): export RECORD = $(CC) $(REQUIRED) $(LIBRARY_FLAGS) $(CPPFLAGS) $(CFLAGS)
$(TESTED_WITH): export RECORD = $(TEST_FLAGS) $(TEST_LIBS)
$(LINKED_WITH): export RECORD = $(AR) $(LDFLAGS) $(LIBS) $(LDLIBS) $(ABI) $(SOURCES)
$(RECORDS): export CHANGED = $(or $(CHANGES),packages or sources have changed)

$(RECORDS): FORCE
	@$(if $(and $(INSTALLING),$(wildcard $@)),$(if $(CHANGES),$(refuse_to_install)),$(keep_record))

# Whoever installs may see other packages and compilers than whoever has built; only the settings count.
refuse_to_install = echo "libdni: $(BUILD) is not what is asked for: $$CHANGED" >&2; \
  echo "libdni: not installed: run make first" >&2; exit 1

keep_record = printf '%s\n' "$$RECORD" | cmp -s - $@ || { \
  [ ! -e $@ ] || echo "libdni: $(BUILD) is not what is asked for: $$CHANGED" >&2; \
  $(require) -n $(if $(filter $(TESTED_WITH),$@),$(NEEDED_FOR_TESTS),$(NEEDED)) || exit 1; \
  $(if $(filter none,$(BLAS)),,[ -n '$(CBLAS_LIBRARY)' ] || { \
    echo "libdni: BLAS=$(BLAS): no shared library with cblas_sgemm can be linked" >&2; exit 1; };) \
  mkdir -p $(@D) && printf '%s\n' "$$RECORD" >$@; }

# One after the other, so that what is missing is said once. The tests need one package more, which is to be
# missed before the library is compiled.
$(LINKED_WITH): | $(COMPILED_WITH)
ifneq ($(filter tests check-run check-suites-run coverage-run,$(MAKECMDGOALS)),)
$(COMPILED_WITH): | $(TESTED_WITH)
endif

# By a rule of another name: make would start anew after making a file that it has read. What cannot be
# built is not remembered.
remember: export REMEMBERED := $(REMEMBERED)
remember: $(COMPILED_WITH)
	@$(if $(INSTALLING),[ -e $(BUILD)/settings.mk ] ||) \
	  printf '%s\n' "$$REMEMBERED" | cmp -s - $(BUILD)/settings.mk || \
	  { mkdir -p $(BUILD) && printf '%s\n' "$$REMEMBERED" >$(BUILD)/settings.mk; }

# The source comes first among the prerequisites: it is $< in COMPILE. All objects are position-independent,
# so that the static library can also go into a plugin.
$(foreach source,$(SOURCES),$(eval $(BUILD)/objects/$(call object_name,$(source)): $(source)))
$(OBJECTS): $(COMPILED_WITH) | remember

$(OBJECTS):
	@mkdir -p $(@D)
	$(call COMPILE,$(LIBRARY_FLAGS),-fPIC)

$(STATIC): $(OBJECTS) $(LINKED_WITH)
	@mkdir -p $(@D)
	$(call say,AR    $@)rm -f $@ && $(AR) rcs $@ $(OBJECTS)

$(SHARED): $(OBJECTS) lib/libdni.map $(LINKED_WITH)
	@mkdir -p $(@D)
	$(call say,LINK  $@)$(CC) -shared -Wl,-soname,libdni.so.$(ABI) \
	  -Wl,--version-script=lib/libdni.map $(NO_UNDEFINED) $(CFLAGS) $(LDFLAGS) -o $@ \
	  $(OBJECTS) $(LIBS) $(LDLIBS)

$(LINKS): $(SHARED)
	$(Q)ln -sf $(<F) $@

# Programs get their own flags: examples and benchmarks see the public headers alone, tests also
# the internal ones. They are linked with the static library, so that they run from the build tree
# without a search path to the shared one, and tests reach internal functions.
$(BUILD)/programs/tests/test_%.o: tests/test_%.c $(COMPILED_WITH) $(TESTED_WITH)
	@mkdir -p $(@D)
	$(call COMPILE,$(TEST_FLAGS),$(TEST_CFLAGS))

$(BUILD)/programs/tests/support/%.o: tests/support/%.c $(COMPILED_WITH) $(TESTED_WITH)
	@mkdir -p $(@D)
	$(call COMPILE,$(TEST_FLAGS),$(TEST_CFLAGS))

$(BUILD)/programs/tests/fuzz/%.o: tests/fuzz/%.c $(COMPILED_WITH)
	@mkdir -p $(@D)
	$(call COMPILE,-Ilib $(PACKAGE_CFLAGS))

# One file looks at what the library keeps and shows nowhere.
$(BUILD)/programs/tests/random/packs.o: tests/random/packs.c $(COMPILED_WITH)
	@mkdir -p $(@D)
	$(call COMPILE,-Ilib)

# Of the packages that the library needs anyway.
$(BUILD)/programs/programs/%.o: programs/%.c $(COMPILED_WITH)
	@mkdir -p $(@D)
	$(call COMPILE,$(PACKAGE_CFLAGS))

$(BUILD)/programs/%.o: %.c $(COMPILED_WITH)
	@mkdir -p $(@D)
	$(call COMPILE,)

objects = $(patsubst %.c,$(BUILD)/programs/%.o,$(1))
# sources of build/examples/x, build/bin/dni-x, build/tests/test_x and build/bench/x, each with what they share
sources = $(wildcard $(1).c $(1)/*.c \
                     $(if $(filter bench/%,$(1)),tests/$(1).c tests/$(1)/*.c tests/bench/common/*.c) \
                     $(if $(filter tests/test_%,$(1)),tests/support/*.c) \
                     $(if $(filter tests/fuzz/%,$(1)),$(call fuzz_sources,$(1))) \
                     $(if $(filter examples/%,$(1)),examples/common/*.c) \
                     $(if $(filter bin/%,$(1)),$(1:bin/dni-%=programs/%/*.c) $(TOOL_SHARED)))
fuzz_sources = tests/fuzz/support/fuzz.c \
  $(if $(filter %/network %/training,$(1)),tests/fuzz/support/safetensors.c) \
  $(if $(filter %/seeds %/training,$(1)),tests/fuzz/support/trainings.c) \
  $(if $(filter-out %/seeds,$(1)),$(if $(FUZZ_ENGINE),,tests/fuzz/driver.c))
$(foreach program,$(PROGRAMS),\
  $(eval $(program): $(call objects,$(call sources,$(program:$(BUILD)/%=%)))))

$(SUITES): private LIBS := $(TEST_LIBS) $(LIBS)
$(FUZZERS): private LIBS := $(FUZZ_ENGINE) $(LIBS)
$(PROGRAMS): $(STATIC)
	@mkdir -p $(@D)
	$(call say,LINK  $@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(STATIC) $(LIBS) $(LDLIBS)

# Running. ------------------------------------------------------------------------------------

mnist: deps ## train on MNIST five ways (about 100 seconds; MNIST_FLAGS adds options)
	@$(MAKE) mnist-run

mnist-run: $(BUILD)/examples/mnist
	$(BUILD)/examples/mnist --out $(BUILD)/mnist $(MNIST_FLAGS)

include make/reproduce.mk

# endurance is long and needs all of MNIST.
bench: $(BENCHES) ## measure (under 10 minutes); texts and JSON into build/bench
	@for program in $(filter-out %/endurance,$(BENCHES)); do echo "== $${program##*/}"; \
	  $$program --json-file $$program.json >$$program.txt || exit 1; cat $$program.txt; done

# The same network, batch and optimiser in libdni, PyTorch and FANN. PEERS_PYTHON is the Python that
# has PyTorch: Debian's is of the system's own.
PEERS_PYTHON ?= /usr/bin/python3
PEERS_FLAGS  :=

bench-peers: deps-peers ## libdni beside PyTorch and FANN: build/bench/peers.md (under 10 minutes)
	@$(MAKE) bench-peers-run

bench-endurance: $(BUILD)/bench/endurance ## is a step as fast after 40,000 steps? (20 minutes, MNIST)
	@$< --json-file $<.json

# How soon each way of using two cores is good enough. An interrupted race goes on where it stopped.
RACE_FLAGS :=
bench-accuracy: $(BUILD)/examples/mnist ## time to 97.5 % on MNIST: build/bench/race/race.md (an hour)
	@python3 tests/bench/race/race.py --mnist $(BUILD)/examples/mnist --out $(BUILD)/bench/race \
	  $(RACE_FLAGS)

bench-bindings: deps-checks lib ## a step from other languages beside one from C: build/bench/bindings.md
	@$(CHECK_ENVIRONMENT) python3 -B tests/bench/bindings/run.py $(BUILD)

deps-peers:
	@PEERS_PYTHON='$(PEERS_PYTHON)' $(require) $(NEEDED) torch numpy fann openblas-openmp || \
	  echo 'libdni: what is missing is left out' >&2

# FANN may be missing; then its worker is not made, and peers.py does without.
bench-peers-run: $(PEERS) $(if $(call package_flags,--libs fann),$(BUILD)/bench/peers/fann_step)
	@$(PEERS_PYTHON) tests/bench/peers/peers.py --workers $(BUILD)/bench/peers \
	  --out $(BUILD)/bench $(PEERS_FLAGS)

bench-aged: deps-peers ## the same after 4,000 steps on MNIST, denormals flushed by PyTorch and not
	@$(MAKE) bench-aged-run

bench-aged-run: $(PEERS)
	@$(PEERS_PYTHON) tests/bench/peers/aged.py --workers $(BUILD)/bench/peers --out $(BUILD)/bench \
	  --mnist data/mnist

$(BUILD)/bench/peers/fann_step: tests/bench/peers/fann_step.c $(COMPILED_WITH)
	@mkdir -p $(@D)
	$(call say,LINK  $@)$(CC) $(REQUIRED) $(STRICT) $(call package_flags,--cflags fann) $(CPPFLAGS) $(CFLAGS) \
	  $(LDFLAGS) -o $@ $< $(call package_flags,--libs fann) -lm

check: deps ## all tests: suites, gates, an outside program, a foreign-function test
	@$(MAKE) check-run

# The environment of the scripts among the checks.
CHECK_ENVIRONMENT = $(same_settings) BUILD='$(BUILD)' TEST_PREFIX=$(call quoted,$(TEST_PREFIX))
CHECKS := $(filter-out %/common.sh,$(sort \
  $(wildcard tests/gates/*.sh tests/build/*.sh tests/ffi/check.sh tests/outside/check.sh tests/bindings/*.sh)))

check-run: all tests
	@$(CHECK_ENVIRONMENT) MAKE='$(MAKE)' sh tests/run.sh $(SUITES) $(CHECKS)

# The suites alone, which is what the variants below need: the gates look at the usual build.
check-suites: deps ## the test suites alone
	@$(MAKE) check-suites-run

check-suites-run: tests
	@$(CHECK_ENVIRONMENT) MAKE='$(MAKE)' sh tests/run.sh $(SUITES)

# In one process (CK_FORK=no), so that the tools see leaks at exit and races between threads.
variant = $(MAKE) $(subst $$,$$$$,$(same_settings)) BUILD=$(BUILD)/$(1)
sanitize = $(variant) CK_FORK=no CFLAGS=$(call quoted,$(CFLAGS) -O1 -g -fno-omit-frame-pointer $(2)) \
  LDFLAGS=$(call quoted,$(LDFLAGS) $(2))
asan = $(call sanitize,asan,-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all)
tsan = $(call sanitize,tsan,-fsanitize=thread)

check-asan: ## the suites under AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(asan) check-suites

check-tsan: ## the suites under ThreadSanitizer
	+@$(tsan) check-suites

# Each seed is a trainer that is made and driven at random; `make check` runs a few. The first that
# fails is printed, with the command that runs it again.
RANDOM_SEEDS ?= 5000
RANDOM_FIRST ?= 1
check-random: deps ## random trainers under ThreadSanitizer and AddressSanitizer (RANDOM_SEEDS=5000)
	+@$(tsan) check-random-run
	+@$(asan) check-random-run

check-random-run: $(RANDOM)
	TSAN_OPTIONS="halt_on_error=1 $$TSAN_OPTIONS" $(TEST_PREFIX) $< $(RANDOM_FIRST) $(RANDOM_SEEDS)

# Each target of tests/fuzz searches for FUZZ_SECONDS and goes on from what it found before, in
# $(BUILD)/fuzz/corpus. FUZZ_TARGETS names some of them; FUZZ_FLAGS are libFuzzer's.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(FUZZ_NAMES)
FUZZ_FLAGS   ?=
CORPUS       ?= $(BUILD)/fuzz/corpus
fuzz_build = $(call variant,$(1)) CC=clang FUZZ_ENGINE=-fsanitize=fuzzer \
  CFLAGS=$(call quoted,$(CFLAGS) -O1 -g -fno-omit-frame-pointer $(2) -fsanitize=fuzzer-no-link) \
  LDFLAGS=$(call quoted,$(LDFLAGS) $(2))

fuzz: ## search for inputs that break something, by libFuzzer (FUZZ_SECONDS=60 for each target)
	+@$(call fuzz_build,fuzz,-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all) fuzz-run

fuzz-threads: ## calls and trainings that make fuzz has found, under ThreadSanitizer (FUZZ_SECONDS=60)
	+@$(call sanitize,fuzz-threads,-fsanitize=thread) CORPUS=$(CORPUS) fuzz-threads-run

fuzz-threads-run: $(BUILD)/tests/fuzz/calls $(BUILD)/tests/fuzz/training $(FUZZ_SEEDS)
	@BUILD='$(BUILD)' FUZZ_SECONDS='$(FUZZ_SECONDS)' CORPUS='$(CORPUS)' sh tests/fuzz/threads.sh calls training

fuzz-run: $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%) $(FUZZ_SEEDS)
	@BUILD='$(BUILD)' FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_FLAGS='$(FUZZ_FLAGS)' \
	  sh tests/fuzz/run.sh $(FUZZ_TARGETS)

# By clang's tools. The gates that run what fuzzing found and random trainers count too; the others look
# at other builds. CORPUS has more inputs.
coverage: deps ## which lines and branches of lib/ the suites and the fuzzers run: build/coverage/report.txt
	+@$(call variant,coverage) CC=clang CORPUS=$(CORPUS) coverage-run \
	  CFLAGS=$(call quoted,$(CFLAGS) -O1 -g -fprofile-instr-generate -fcoverage-mapping) \
	  LDFLAGS=$(call quoted,$(LDFLAGS) -fprofile-instr-generate)

coverage-run: tests
	@$(CHECK_ENVIRONMENT) MAKE='$(MAKE)' CORPUS='$(CORPUS)' \
	  sh tests/coverage.sh $(SUITES) tests/gates/fuzz.sh tests/gates/random.sh

# What is only possibly lost belongs to BLAS libraries, which stay loaded and keep their memory.
VALGRIND_LEAKS := --show-leak-kinds=definite --errors-for-leak-kinds=definite
check-valgrind: ## the suites under valgrind
	+@$(call variant,valgrind) CK_FORK=no CFLAGS=$(call quoted,$(CFLAGS) -O1 -g) check-suites \
	  TEST_PREFIX='valgrind -q --suppressions=tests/valgrind.supp --error-exitcode=9 --leak-check=full $(VALGRIND_LEAKS)'

# The sweeps that `make check` makes too, with their counts, and a training that is killed 1,000 times.
FAULT_SUITES := $(addprefix $(BUILD)/tests/test_,io_faults file_memory memory thread_faults callback_faults)
KILLS := 1000
check-faults: deps ## faults of files, memory and processes, counted; KILLS=1000 kills of a training
	@$(MAKE) check-faults-run

check-faults-run: $(FAULT_SUITES) $(BUILD)/examples/mnist
	@for suite in $(FAULT_SUITES); do CK_FORK=no $(TEST_PREFIX) $$suite || exit 1; done
	@python3 -B tests/faults/kill.py $(BUILD)/examples/mnist $(KILLS)

check-clang: ## check, built with clang
	+@$(call variant,clang) CC=clang CXX=clang++ check

check-builtin: ## check, built without a BLAS
	+@$(call variant,builtin) BLAS=none check

check-all: ## all of these
	$(MAKE) check
	$(MAKE) check-builtin
	$(MAKE) check-clang
	$(MAKE) check-asan
	$(MAKE) check-tsan
	$(MAKE) check-random
	$(MAKE) check-valgrind
	$(MAKE) check-format

# CELLS are names in tests/matrix.sh, ARCHITECTURES in tests/portability/check.sh.
CELLS         :=
ARCHITECTURES :=
check-matrix: deps ## the suites built in many ways, as a table: build/matrix/matrix.md (an hour)
	+@BUILD='$(BUILD)' MAKE='$(MAKE)' ARCHITECTURES='$(ARCHITECTURES)' sh tests/matrix.sh $(CELLS)

check-portability: deps ## the suites for other processors under qemu-user (hours; ARCHITECTURES)
	+@BUILD='$(BUILD)' MAKE='$(MAKE)' sh tests/portability/check.sh $(ARCHITECTURES)

# Debian packages, by packaging/debian.
PACKAGE_TOOLS := $(addprefix debian:,build-essential cmake debhelper dh-python doxygen lintian \
  pybuild-plugin-pyproject python3-setuptools)
check-packages: ## Debian packages of make dist's tarball, lintian, and a program that uses them: build/packages
	@$(require) $(NEEDED_FOR_TESTS) openblas zlib jansson libxxhash $(PACKAGE_TOOLS)
	@sh tests/packages/check.sh $(VERSION) $(ABI) $(BUILD)/packages

# docs/ABI.md says what is promised. The check is one of the gates, too.
abi-check: lib ## does the library keep what tests/abi has of the newest version?
	+@$(CHECK_ENVIRONMENT) MAKE='$(MAKE)' sh tests/abi/check.sh

abi-store: ## what this version promises, from the headers into tests/abi
	@$(CHECK_ENVIRONMENT) sh tests/abi/store.sh

# Not part of check: versions of clang-format differ in details.
# Of what bindings/generate makes, the generators decide.
FORMATTED = $(shell find include lib examples programs tests bindings/c bindings/cpp \( -name '*.[ch]' -o -name '*.[ch]pp' \) \
  ! -name methods.hpp ! -name bodies.hpp)
format: ## lay out the sources by .clang-format
	clang-format -i $(FORMATTED)

check-format: ## is that so?
	clang-format --dry-run --Werror $(FORMATTED)

docs: ## the manual into build/docs: pages by pandoc, the reference by Doxygen
	@$(require) pandoc doxygen python3
	$(call say,DOCS  $(BUILD)/docs/index.html)rm -rf $(BUILD)/docs && python3 -B make/manual.py $(BUILD)/docs

dist: ## the source as a tarball, the same bytes each time: build/dist/libdni-VERSION.tar.xz
	$(Q)sh make/dist.sh $(VERSION) $(BUILD)/dist

# Installing. ---------------------------------------------------------------------------------

INSTALLATION = $(foreach name,DESTDIR $(PLACES) INSTALL LINKED_PACKAGES STATIC SHARED ABI VERSION \
  TOOLS MAN_PAGES,\
  $(name)=$(call quoted,$($(name)))) sh make/install.sh

install: lib programs ## headers, libraries, libdni.pc, CMake's files, programs and man pages below DESTDIR/PREFIX
	$(Q)$(INSTALLATION) install

uninstall: ## remove what install put there
	$(Q)$(INSTALLATION) uninstall

clean: ## remove what was built
	rm -rf $(BUILD)

PROGRAM_OBJECTS := $(call objects,$(foreach program,$(PROGRAMS),$(call sources,$(program:$(BUILD)/%=%))))
-include $(patsubst %.o,%.d,$(OBJECTS) $(PROGRAM_OBJECTS))

endif # one goal
