package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The programs with the arguments that the driver gives them. The sync thread's only. */
final class Programs {
    /** How long iptables-legacy-restore waits for {@code /run/xtables.lock}. */
    private static final String LOCK_SECONDS = "10";

    private static final int STATUS_RESOURCE = 4;

    private final IptablesCommand command;
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong lines = new AtomicLong();
    private final AtomicLong repairs = new AtomicLong();

    Programs(IptablesCommand command) {
        this.command = command;
    }

    FilterStats stats() {
        return new FilterStats(
                reads.get(), writes.get(), failures.get(), lines.get(), repairs.get());
    }

    void countRepairs(int count) {
        repairs.addAndGet(count);
    }

    /** All tables of a family. */
    SavedRules save(IptablesMode mode, IpFamily family) throws IOException {
        return SavedRules.parse(read(List.of(mode.saveProgram(family))));
    }

    /** As {@link #save}, but makes sure that the kernel has this table at all. */
    void probe(IptablesMode mode, IpFamily family, TableName table) throws IOException {
        read(List.of(mode.saveProgram(family), "-t", table.text()));
    }

    /** One table with counters, as it is printed. */
    String saveCounted(IptablesMode mode, IpFamily family, TableName table) throws IOException {
        return read(List.of(mode.saveProgram(family), "-c", "-t", table.text()));
    }

    Map<String, SavedSet> saveSets() throws IOException {
        return SavedSet.parse(read(List.of("ipset", "save")));
    }

    private String read(List<String> words) throws IOException {
        reads.incrementAndGet();
        IptablesCommand.Result result = command.run(words, "");
        if (result.status() != 0) {
            failures.incrementAndGet();
            throw new IptablesException(
                    "%s failed with status %d: %s"
                            .formatted(
                                    String.join(" ", words),
                                    result.status(),
                                    result.error().strip()));
        }
        return result.output();
    }

    void restore(IptablesMode mode, IpFamily family, RestoreScript script) throws IOException {
        String program = mode.restoreProgram(family);
        write(List.of(program, "--noflush", "--wait", LOCK_SECONDS), script.text(), script.size());
    }

    void restoreSets(SetScript script) throws IOException {
        write(List.of("ipset", "restore"), script.text(), script.size());
    }

    private void write(List<String> words, String script, int size) throws IOException {
        writes.incrementAndGet();
        IptablesCommand.Result result = command.run(words, script);
        if (result.status() == 0) {
            lines.addAndGet(size);
            return;
        }
        failures.incrementAndGet();
        if (result.status() == STATUS_RESOURCE && result.error().contains("xtables lock")) {
            throw IptablesException.locked(
                    ("another program held the lock /run/xtables.lock for more than %s s; nothing"
                                    + " was changed. 'fuser -v /run/xtables.lock' names it")
                            .formatted(LOCK_SECONDS));
        }
        throw Refusal.of(words.getFirst(), script, result);
    }
}
