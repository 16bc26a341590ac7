package dev.culvert.bench.rules;

import dev.culvert.iptables.IptablesCommand;
import dev.culvert.iptables.ProcessCommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs the programs and remembers what they were given, to be repeated by hand. One thread. */
final class RecordingCommand implements IptablesCommand {
    private final ProcessCommand processes = new ProcessCommand();
    private final List<Write> writes = new ArrayList<>();

    /**
     * A change.
     *
     * @param words the program and its arguments
     * @param script what it read
     */
    record Write(List<String> words, String script) {}

    @Override
    public Result run(List<String> words, String input) throws IOException {
        if (!input.isEmpty()) {
            writes.add(new Write(words, input));
        }
        return processes.run(words, input);
    }

    /** The changes since the last call. */
    List<Write> take() {
        List<Write> taken = List.copyOf(writes);
        writes.clear();
        return taken;
    }
}
