package dev.culvert.bench.report;

import java.util.Locale;

/**
 * One measured quantity, summed up over its rounds. What was not measured is {@link Double#NaN}.
 *
 * @param mode what carried the packets
 * @param underlay the kind of network between the nodes
 * @param metric what was measured
 * @param median of the rounds
 * @param min of the rounds
 * @param max of the rounds
 * @param unit of the three
 * @param ratioToKernel median of the rounds' ratios to the kernel's own data path
 */
public record ResultLine(
        String mode,
        String underlay,
        String metric,
        double median,
        double min,
        double max,
        String unit,
        double ratioToKernel) {

    /** As a JSON object on one line, with null for what was not measured. */
    public String toJson() {
        return String.format(
                Locale.ROOT,
                "{\"mode\":\"%s\",\"underlay\":\"%s\",\"metric\":\"%s\",\"median\":%s,"
                        + "\"min\":%s,\"max\":%s,\"unit\":\"%s\",\"ratioToKernel\":%s}",
                mode,
                underlay,
                metric,
                number(median),
                number(min),
                number(max),
                unit,
                number(ratioToKernel));
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : "null";
    }
}
