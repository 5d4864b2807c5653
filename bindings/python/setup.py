"""Puts the library beside the package, built by the Makefile of the checkout.

With DNI_SYSTEM_LIBRARY=1 in the environment, or outside a checkout, the system's libdni is used instead.
DNI_MAKE_FLAGS are given to make; without any the library has no BLAS, and needs none. An editable installation
runs from the checkout, so its library goes there."""

import os
import shutil
import subprocess

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "../.."))
BUNDLED = os.path.exists(os.path.join(TOP, "lib/libdni.map")) and os.environ.get("DNI_SYSTEM_LIBRARY") != "1"


class BuildWithLibrary(build_py):
    """The usual build, and then the library."""

    def run(self):
        super().run()
        if BUNDLED:
            build = os.path.abspath(os.path.join(self.get_finalized_command("build").build_temp, "libdni"))
            flags = os.environ.get("DNI_MAKE_FLAGS", "BLAS=none").split()
            # Relative to the checkout, whose path may have spaces in it; make takes none in BUILD.
            subprocess.run(["make", "-C", TOP, "lib", "BUILD=" + os.path.relpath(build, TOP), *flags], check=True)
            target = os.path.join(HERE if self.editable_mode else self.build_lib, "dni")
            shutil.copy(os.path.join(build, "lib/libdni.so.0"), os.path.join(target, "libdni.so.0"))


class WithLibrary(Distribution):
    """A wheel with a library in it is for one kind of machine."""

    def has_ext_modules(self):
        return BUNDLED


setup(cmdclass={"build_py": BuildWithLibrary}, distclass=WithLibrary)
