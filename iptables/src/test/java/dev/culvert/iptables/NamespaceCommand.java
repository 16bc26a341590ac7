package dev.culvert.iptables;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.util.List;

/** Runs the real programs inside a network namespace. */
public record NamespaceCommand(NetworkNamespace namespace) implements IptablesCommand {
    @Override
    public Result run(List<String> words, String input) throws IOException {
        ProcessCommand processes = new ProcessCommand();
        try {
            return namespace.call(() -> processes.run(words, input));
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
