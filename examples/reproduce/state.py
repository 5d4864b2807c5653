"""What a run has done so far, in RESULTS_DIR/run.json, so that it can be stopped at any moment.

A program is done if the file says so: it is written after the program's own files, and always as a
whole. A result of other arguments than those that are asked for now is not one of this run."""

import hashlib
import json
import os


def write_whole(path, text):
    """The old file stays until all of the new one is there."""
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".tmp", path)


def fingerprint(path):
    """Of a program's file: another one if it has been built from other sources."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class State:
    def __init__(self, results):
        self.path = os.path.join(results, "run.json")
        self.results = results
        self.wall = 0.0   # seconds of all starts together
        self.starts = 0
        self.programs = {}  # name -> {"command", "seconds", "done", "fingerprint"}
        try:
            self._read()
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path} is broken ({error!r}); without it the run starts "
                             "anew") from error

    def _read(self):
        with open(self.path, encoding="utf-8") as file:
            data = json.load(file)
        self.wall, self.starts = float(data["wall"]), int(data["starts"])
        self.programs = dict(data["programs"])

    def write(self):
        write_whole(self.path, json.dumps({"wall": round(self.wall, 1), "starts": self.starts,
                                           "programs": self.programs}, indent=1))

    def seconds(self, name):
        return self.programs.get(name, {}).get("seconds", 0.0)

    def is_done(self, name, command):
        kept = self.programs.get(name, {})
        return bool(kept.get("done")) and kept.get("command") == command and \
            os.path.exists(os.path.join(self.results, name + ".json"))

    def begin(self, name, command, mark):
        """Its seconds go on from an earlier start with the same arguments."""
        kept = self.programs.get(name, {})
        same = kept.get("command") == command and not kept.get("done")
        self.programs[name] = {"command": command, "seconds": self.seconds(name) if same else 0.0,
                               "done": False, "fingerprint": mark}
        self.write()

    def spend(self, name, passed):
        self.programs[name]["seconds"] = round(self.seconds(name) + passed, 3)

    def finish(self, name):
        self.programs[name]["done"] = True
        self.write()
