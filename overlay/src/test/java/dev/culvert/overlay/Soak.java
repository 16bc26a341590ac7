package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpFamily;
import dev.culvert.overlay.DigestRun.Mode;
import dev.culvert.overlay.DigestRun.Result;
import dev.culvert.overlay.ImpairedLink.Impairment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * The long run of {@code ./dev soak}: gigabytes of TCP with digests in every mode, over a veth pair
 * as it is, over one that carries finished frames only, and a part of it over a link that loses,
 * doubles and reorders, with a report of what the kernel counted. Not part of the usual tests.
 */
class Soak {
    private static final Path REPORT = Path.of("target", "soak.txt");
    private static final long BYTES =
            (long) (Double.parseDouble(System.getProperty("soak.gigabytes", "10")) * 1e9);

    /** A program carries every frame of the bad link, and one packet a call is slow as well. */
    private static final int SLOW_PART = 20;

    private static final Impairment BAD = new Impairment(0.0002, 0.0005, 0.001, 8, 7348);

    private final List<AssertionError> failures = new ArrayList<>();

    /** Sends so much in a mode over some link. */
    private interface Link {
        Result send(Mode mode, long bytes) throws Exception;
    }

    @Test
    void everythingArrivesUnharmed() throws Exception {
        Files.writeString(REPORT, "");
        soak("veth", BYTES, (mode, bytes) -> overVeth(mode, false, bytes));
        soak("wire", BYTES, (mode, bytes) -> overVeth(mode, true, bytes));
        soak("bad", BYTES / SLOW_PART, Soak::overBadLink);
        assertThat(failures).isEmpty();
    }

    private static Result overVeth(Mode mode, boolean wire, long bytes) throws Exception {
        long part = mode == Mode.CULVERT_WITHOUT_OFFLOADS ? bytes / SLOW_PART : bytes;
        return DigestRun.overVeth(mode, IpFamily.IPV4, wire, part);
    }

    private static Result overBadLink(Mode mode, long bytes) throws Exception {
        return DigestRun.overImpairedLink(mode, IpFamily.IPV4, BAD, bytes);
    }

    private void soak(String name, long bytes, Link link) throws Exception {
        Result plain = link.send(Mode.PLAIN_ROUTING, bytes);
        report(name, Mode.PLAIN_ROUTING, plain);
        for (Mode mode : Mode.values()) {
            if (mode != Mode.PLAIN_ROUTING) {
                soak(name, mode, plain, bytes, link);
            }
        }
    }

    private void soak(String name, Mode mode, Result plain, long bytes, Link link)
            throws Exception {
        try {
            Result result = link.send(mode, bytes);
            report(name, mode, result);
            DigestRun.assertNoDamageBeyond(plain, mode, result);
        } catch (AssertionError e) {
            report("%s link, %s: FAILED: %s%n".formatted(name, mode, e.getMessage()));
            failures.add(e);
        }
    }

    private static void report(String link, Mode mode, Result result) throws Exception {
        report(
                String.format(
                        Locale.ROOT,
                        "%-4s link, %-24s %6.2f GB at %5.2f Gbit/s, all digests equal, damage %s, disorder %s%n",
                        link,
                        mode.name().toLowerCase(Locale.ROOT),
                        result.bytes() / 1e9,
                        result.gigabitsPerSecond(),
                        result.damage(),
                        result.disorder()));
    }

    private static void report(String line) throws Exception {
        Files.writeString(REPORT, line, StandardOpenOption.APPEND);
    }
}
