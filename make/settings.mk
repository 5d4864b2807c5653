# The settings of a build, and how it remembers them.
#
# A setting's value is that of the command line, else of the environment, else what the build in $(BUILD)
# was given, else the default. $(BUILD)/settings.mk keeps what a build was given and is no default, as
# variables built_CFLAGS and so on. So `make install` installs what `make` was told to build.

# Who changes one of these gets another build. Where pkg-config looks is of the environment, usually.
COMPILE_SETTINGS := CC AR CPPFLAGS CFLAGS LDFLAGS LDLIBS BLAS FILES \
                    PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
# DESTDIR is not among them: it is for the one command that it is given to.
PLACES   := PREFIX LIBDIR INCLUDEDIR PKGCONFIGDIR BINDIR MANDIR
SETTINGS := $(COMPILE_SETTINGS) CXX $(PLACES)

default_CC           := cc
default_CXX          := c++
default_AR           := ar
default_CFLAGS       := -O3 -g
default_BLAS         := openblas
default_FILES        := idx,csv
default_PKG_CONFIG   := pkg-config
default_PREFIX       := /usr/local
default_LIBDIR       = $(PREFIX)/lib
default_INCLUDEDIR   = $(PREFIX)/include
default_PKGCONFIGDIR = $(LIBDIR)/pkgconfig
default_BINDIR       = $(PREFIX)/bin
default_MANDIR       = $(PREFIX)/share/man

# Names of directories that make and the shell take as they are.
strange := \# % & | $$ : ; ' " \ * ? [ ] ( ) < > = ~ ! ` { } ^
ifneq ($(words $(BUILD))$(strip $(foreach character,$(strange),$(findstring $(character),$(BUILD)))),1)
$(error libdni: BUILD='$(BUILD)': the name of this directory may not be empty, nor have spaces or any of \
  $(strange) in it; a symbolic link to such a directory will do)
endif

-include $(BUILD)/settings.mk

given  = $(filter command environment,$(firstword $(origin $(1))))
before = $(if $(filter undefined,$(origin built_$(1))),default_$(1),built_$(1))

# Whoever gives a PREFIX means all places: those below another one are forgotten.
ifneq ($(call given,PREFIX),)
$(foreach name,$(PLACES),$(eval undefine built_$(name)))
endif
$(foreach name,$(SETTINGS),$(if $(call given,$(name)),,$(eval $(name) = $$($(call before,$(name))))))

# Where pkg-config looks decides what a build finds. Nothing is looked for when it is installed: whoever installs
# may have set PKG_CONFIG_PATH to the place where libdni goes.
COMPARED := $(if $(INSTALLING),$(filter-out PKG_CONFIG%,$(COMPILE_SETTINGS)),$(COMPILE_SETTINGS))

# Nonempty if the two variables of these names are written differently.
differ = $(subst <$(value $(1))>,,<$(value $(2))>)
changed := $(foreach name,$(COMPARED),\
  $(if $(and $(call given,$(name)),$(call differ,$(name),$(call before,$(name)))),$(name)))
# What this make changes of the build that is there, in words.
CHANGES := $(foreach name,$(changed),$(name) was '$($(call before,$(name)))' and is '$($(name))';)

# The text of $(BUILD)/settings.mk: what differs from the defaults. Places given to `make install` are for
# that command alone.
PASSING := $(if $(INSTALLING),$(PLACES))
lasting = $(if $(filter-out $(PASSING),$(if $(call given,$(1)),$(1))),$(1),$(call before,$(1)))
define definition
define built_$(1) =
$(value $(2))
endef

endef
remember = $(if $(call differ,$(2),default_$(1)),$(call definition,$(1),$(2)))
define REMEMBERED
# What this build was given, read by the next make.
$(foreach name,$(SETTINGS),$(call remember,$(name),$(call lasting,$(name))))
endef
