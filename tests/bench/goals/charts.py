"""Static charts of 500 points, from the request to the picture, in the engine's own process."""
import re

from bench import goal


def chart(bench, name):
    def once():
        printed = bench.output(bench.program("charts_bench"), 10, statuses=(0, 1), env={"JACKFIELD_LIBEXEC": str(bench.helpers)})
        return float(re.search(rf"^{name} ours=([\d.]+)ms", printed, re.M)[1])

    return bench.in_turns("ms", ours=once)


@goal("chart_svg", "an SVG of 500 points", below=20)
def chart_svg(bench):
    return chart(bench, "chart_svg_500_points")


@goal("chart_png", "a PNG of 500 points", below=60)
def chart_png(bench):
    return chart(bench, "chart_png_500_points")


@goal("chart_first", "the first PNG of a process, start of the engine included", below=500)
def chart_first(bench):
    return chart(bench, "chart_first_png")
