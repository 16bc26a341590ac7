package dev.culvert.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Runs every probe from every sender to every pod and shows each row as it is done. One thread. */
final class ReachabilityMatrix {
    private static final int WIDTH = 10;

    private final List<Probe> probes;
    private final List<Pod> receivers;
    private final Report report;
    private final List<String> problems = new ArrayList<>();
    private int exchanges;

    ReachabilityMatrix(List<Probe> probes, List<Pod> receivers, Report report) {
        this.probes = List.copyOf(probes);
        this.receivers = List.copyOf(receivers);
        this.report = report;
    }

    void run(List<? extends Endpoint> senders) {
        report.line("  " + row("from \\ to", receivers.stream().map(Pod::name).toList()));
        for (Endpoint sender : senders) {
            List<String> cells = new ArrayList<>();
            for (Pod receiver : receivers) {
                cells.add(sender == receiver ? "-" : cell(sender, receiver));
            }
            report.line("  " + paint(row(sender.name(), cells)));
        }
        problems.forEach(report::failure);
    }

    private String cell(Endpoint sender, Pod receiver) {
        List<String> failed = new ArrayList<>();
        for (Probe probe : probes) {
            Outcome outcome = probe.run(sender, receiver);
            exchanges++;
            if (!outcome.good()) {
                failed.add(probe.name());
                problems.add(
                        "%s %s -> %s: %s"
                                .formatted(
                                        probe.name(),
                                        sender.name(),
                                        receiver.name(),
                                        outcome.detail()));
            }
        }
        return cellText(failed);
    }

    /** A cell: {@code ok}, or the initials of the protocols that failed. */
    static String cellText(List<String> failed) {
        return failed.isEmpty()
                ? "ok"
                : "no "
                        + failed.stream()
                                .map(name -> name.substring(0, 1))
                                .collect(Collectors.joining(","));
    }

    /** A row with cells of one width. */
    static String row(String head, List<String> cells) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-12s", head));
        cells.forEach(cell -> line.append(String.format(Locale.ROOT, "%-" + WIDTH + "s", cell)));
        return line.toString().stripTrailing();
    }

    private String paint(String row) {
        return row.replace(" ok", " " + report.mark(true, "ok"))
                .replace(" no ", " " + report.mark(false, "no") + " ");
    }

    int exchanges() {
        return exchanges;
    }

    boolean allGood() {
        return problems.isEmpty();
    }
}
