"""The findings of peers.py as text and as Markdown."""

HEAD = ["network", "batch", "cores", "libdni", "ms/step", "beside", "ms/step", "ratio", "from .. to",
        "first losses"]


def agreement(pair):
    if "losses_apart" not in pair:
        return "-"
    gaps = ", ".join(f"{gap:.0e}" for gap in pair["losses_apart"])
    return ("agree" if pair["agree"] else "DIFFER") + f" ({gaps})"


def rows(found):
    for result in found["results"]:
        by_name = {entry["name"]: entry for entry in result["contestants"]}
        for pair in result["pairs"]:
            ours, theirs = by_name[pair["ours"]], by_name[pair["theirs"]]
            yield [result["network"], str(result["batch"]), str(result["cores"]),
                   pair["ours"].replace("libdni ", ""), f"{ours['step_ms']:.3f}", pair["theirs"],
                   f"{theirs['step_ms']:.3f}", f"{pair['ratio']:.2f}",
                   f"{pair['ratio_least']:.2f} .. {pair['ratio_most']:.2f}", agreement(pair)]


def settings(found):
    """The settings and losses of every contestant."""
    for result in found["results"]:
        for entry in result["contestants"]:
            losses = f"{entry['losses'][0]:.3f} -> {min(entry['losses']):.3f}"
            yield [result["network"], str(result["batch"]), str(result["cores"]),
                   entry["name"], entry["setting"],
                   losses + ("" if entry["learns"] else " DOES NOT LEARN")]


def about(found):
    facts = found["about"]
    lines = [f"{facts['processor']}, {facts['cores']} cores. Medians of {found['rounds']} rounds; ratio: "
             "the other's time over libdni's, in the same round; above 1 libdni is faster."]
    lines.append("20 x 512: 784 inputs, 20 x (512 ReLU, batch normalisation), 10 classes; 1 x 64: 784, "
                 "64 ReLU, 10. Softmax cross-entropy, Adam, float.")
    return lines + [facts[name] for name in ("PyTorch", "FANN") if name in facts]


def aligned(head, body):
    table = [head, *body]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in table)


def bars(head, body):
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


SETTINGS_HEAD = ["network", "batch", "cores", "who", "fastest setting", "loss, first -> least"]


def text(found):
    return "\n\n".join(["\n".join(about(found)), aligned(HEAD, list(rows(found))),
                        aligned(SETTINGS_HEAD, list(settings(found)))])


def markdown(found):
    return "\n\n".join(["# libdni beside PyTorch and FANN", *about(found),
                        bars(HEAD, list(rows(found))), "The settings that won:",
                        bars(SETTINGS_HEAD, list(settings(found)))]) + "\n"
