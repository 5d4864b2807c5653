# Settings that make cannot pass on, or that the library cannot be built with, are refused before anything
# is done.

refuse = $(error libdni: $(1))
comma := ,

# make reads $x as a variable of its own, which is empty: /a$b would become /a.
a_variable := $$(
a_variable_too := $${
lone_dollar = $(findstring $$,$(subst $(a_variable),,$(subst $(a_variable_too),,$(subst $$$$,,$(value $(1))))))
$(foreach name,$(SETTINGS) DESTDIR,$(if $(call lone_dollar,$(name)),\
  $(call refuse,$(name)='$(value $(name))': write $$$$ for a dollar sign)))
$(foreach name,$(SETTINGS),$(if $(filter %\,$(lastword $($(name)))),\
  $(call refuse,$(name)='$($(name))' ends with a backslash)))
$(foreach name,$(PLACES),$(if $(filter /%,$(firstword $($(name)))),,\
  $(call refuse,$(name)='$($(name))' has to be an absolute path: one that begins with /)))

ifeq ($(filter none idx$(comma)csv,$(FILES)),)
$(call refuse,FILES='$(FILES)' is neither idx$(comma)csv nor none)
endif
ifneq ($(words $(BLAS)),1)
$(call refuse,BLAS='$(BLAS)' is neither the pkg-config name of a BLAS nor none)
endif

# Options that change what arithmetic means. lib/core/core.h refuses them too, but a compiler does not show
# it all of them. Linked with some, libdni.so would change the floating-point mode of every program that
# loads it. -fno-math-errno and -fno-trapping-math change no value: the library uses them itself.
ARITHMETIC := -Ofast -ffast-math -funsafe-math-optimizations -ffinite-math-only -fassociative-math \
              -freciprocal-math -fno-signed-zeros -fno-honor-infinities -fno-honor-nans -fapprox-func \
              -ffp-model=fast -ffp-model=aggressive -fsingle-precision-constant -mdaz-ftz
unsafe := $(filter $(ARITHMETIC),$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))
ifneq ($(unsafe),)
$(call refuse,$(unsafe): this changes results and hides infinities and NaN; libdni has to be built without)
endif
