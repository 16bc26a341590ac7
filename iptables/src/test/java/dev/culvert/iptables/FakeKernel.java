package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The programs and what they keep, in memory: enough of {@code iptables-save}, {@code
 * iptables-restore --noflush} and {@code ipset} to hold the driver to what the real ones accept.
 * Also refuses what only some versions of the real ones survive. One thread.
 */
public final class FakeKernel implements IptablesCommand {
    /** The programs in the order of their runs, with what they read. */
    public final List<String> runs = new ArrayList<>();

    /** Which variants can be run. */
    final Set<IptablesMode> installed = EnumSet.allOf(IptablesMode.class);

    /** Whether {@code ipset} can be run. */
    public boolean hasIpset = true;

    /** Runs before each change, for what others do at the same time. */
    Runnable beforeRestore = () -> {};

    /** Says no to a script: what the program complains of, or nothing. */
    UnaryOperator<String> refusal = _ -> "";

    /** A kernel without rules. */
    public FakeKernel() {}

    private final Map<String, FakeTables> variants = new TreeMap<>();
    private final FakeSets sets = new FakeSets();

    /** The tables of a variant and family, to look at and to edit. */
    FakeTables tables(IptablesMode mode, IpFamily family) {
        return variants.computeIfAbsent(
                mode.restoreProgram(family).replace("-restore", ""), _ -> new FakeTables(sets));
    }

    /** The tables of iptables-nft, IPv4. */
    FakeTables nft() {
        return tables(IptablesMode.NFT, IpFamily.IPV4);
    }

    FakeSets sets() {
        return sets;
    }

    /** Scripts that were restored since the last call, without {@code ipset}'s. */
    public List<String> takeScripts() {
        List<String> scripts =
                runs.stream()
                        .filter(run -> run.contains("-restore\n"))
                        .map(run -> run.substring(run.indexOf('\n') + 1))
                        .toList();
        runs.clear();
        return scripts;
    }

    @Override
    public Result run(List<String> words, String input) throws IptablesException {
        String program = words.getFirst();
        runs.add(program + "\n" + input);
        if (program.equals("ipset")) {
            return ipset(words, input);
        }
        for (IptablesMode mode : IptablesMode.values()) {
            for (IpFamily family : IpFamily.values()) {
                if (program.equals(mode.saveProgram(family))) {
                    requireInstalled(mode, program);
                    return new Result(0, tables(mode, family).save(), "");
                }
                if (program.equals(mode.restoreProgram(family))) {
                    requireInstalled(mode, program);
                    return restore(tables(mode, family), input);
                }
            }
        }
        throw new IptablesException(program + " cannot be run");
    }

    private void requireInstalled(IptablesMode mode, String program) throws IptablesException {
        if (!installed.contains(mode)) {
            throw new IptablesException(program + " cannot be run");
        }
    }

    private Result ipset(List<String> words, String input) throws IptablesException {
        if (!hasIpset) {
            throw new IptablesException("ipset cannot be run");
        }
        if (words.get(1).equals("save")) {
            return new Result(0, sets.save(), "");
        }
        return sets.restore(input);
    }

    private Result restore(FakeTables tables, String input) {
        beforeRestore.run();
        String refused = refusal.apply(input);
        return refused.isEmpty() ? tables.restore(input) : new Result(4, "", refused);
    }

    /** A copy of lists that is not changed by later edits. */
    static Map<String, List<String>> copy(Map<String, List<String>> chains) {
        Map<String, List<String>> copy = new LinkedHashMap<>();
        chains.forEach((name, rules) -> copy.put(name, new ArrayList<>(rules)));
        return copy;
    }
}
