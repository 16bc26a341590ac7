package dev.culvert.agent.policy;

import dev.culvert.iptables.FakeKernel;
import dev.culvert.iptables.IptablesCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The programs in memory, with somebody who looks whenever the kernel changed: after each line of
 * an {@code ipset restore}, after each table. One thread.
 */
final class WatchedKernel implements IptablesCommand {
    private static final Pattern TWIN = Pattern.compile("(CULVERT-[PNB][46]-[0-9a-f]{16})b");
    private static final Pattern COMMENT = Pattern.compile("-m comment --comment \"[^\"]*\" ");

    private final FakeKernel kernel = new FakeKernel();
    private Runnable observer = () -> {};
    private int changes;

    /** Who is told of each change. */
    void observe(Runnable whenever) {
        observer = whenever;
    }

    /** How many changes there were. */
    int changes() {
        return changes;
    }

    @Override
    public Result run(List<String> words, String input) throws IOException {
        if (!words.getFirst().equals("ipset") || !words.contains("restore")) {
            Result result = kernel.run(words, input);
            if (words.getFirst().endsWith("-restore")) {
                changed();
            }
            return result;
        }
        Result result = new Result(0, "", "");
        for (String line : input.lines().toList()) {
            result = kernel.run(words, line);
            changed();
            if (result.status() != 0) {
                return result;
            }
        }
        return result;
    }

    private void changed() {
        changes++;
        observer.run();
    }

    /** The rules of a family as a walker sees them now. */
    RuleWalker walker(boolean ipv6) {
        return new RuleWalker(save(ipv6), sets());
    }

    private String save(boolean ipv6) {
        return output((ipv6 ? "ip6tables" : "iptables") + "-nft-save");
    }

    private String sets() {
        return output("ipset", "save");
    }

    private String output(String... words) {
        try {
            return kernel.run(List.of(words), "").output();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All there is of ours, in one order, whichever of its two names a set has. */
    List<String> content() {
        return (save(false) + save(true) + sets())
                .lines()
                .filter(line -> line.contains("CULVERT-"))
                .map(line -> COMMENT.matcher(line).replaceAll(""))
                .map(line -> TWIN.matcher(line).replaceAll("$1"))
                .sorted()
                .toList();
    }
}
