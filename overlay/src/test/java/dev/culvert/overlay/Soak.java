package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpFamily;
import dev.culvert.overlay.ImpairedLink.Impairment;
import dev.culvert.overlay.ImpairedPath.Mode;
import dev.culvert.overlay.ImpairedPath.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The long run of {@code ./dev soak}: gigabytes of TCP with digests over a good and over a bad
 * link, in every mode, with a report of what the kernel counted. Not part of the usual tests.
 */
class Soak {
    private static final Path REPORT = Path.of("target", "soak.txt");
    private static final long BYTES =
            (long) (Double.parseDouble(System.getProperty("soak.gigabytes", "10")) * 1e9);

    private static final Impairment GOOD = new Impairment(0, 0, 0, 1, 0);
    private static final Impairment BAD = new Impairment(0.0002, 0.0005, 0.001, 8, 7348);

    @Test
    void everythingArrivesUnharmed() throws Exception {
        Files.writeString(REPORT, "%.1f GB of TCP in each mode%n".formatted(BYTES / 1e9));
        List<AssertionError> failures = new ArrayList<>();
        for (Impairment impairment : List.of(GOOD, BAD)) {
            String link = impairment.equals(GOOD) ? "good" : "bad";
            Map<Mode, Result> results = new EnumMap<>(Mode.class);
            for (Mode mode : Mode.values()) {
                try {
                    Result result = ImpairedPath.run(mode, IpFamily.IPV4, impairment, BYTES);
                    results.put(mode, result);
                    report(link, mode, result);
                    Result plain = results.getOrDefault(Mode.PLAIN_ROUTING, result);
                    ImpairedPath.assertNoDamageBeyond(plain, mode, result);
                } catch (AssertionError e) {
                    report("%s link, %s: FAILED: %s%n".formatted(link, mode, e.getMessage()));
                    failures.add(e);
                }
            }
        }
        assertThat(failures).isEmpty();
    }

    private static void report(String link, Mode mode, Result result) throws Exception {
        report(
                String.format(
                        Locale.ROOT,
                        "%-4s link, %-24s %5.2f Gbit/s, all digests equal, damage %s, disorder %s%n",
                        link,
                        mode.name().toLowerCase(Locale.ROOT),
                        result.gigabitsPerSecond(),
                        result.damage(),
                        result.disorder()));
    }

    private static void report(String line) throws Exception {
        Files.writeString(REPORT, line, StandardOpenOption.APPEND);
    }
}
