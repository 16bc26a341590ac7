package dev.culvert.agent.install;

import java.nio.file.Path;
import java.util.List;

/**
 * What is installed, and where. Immutable.
 *
 * @param executable where the CNI executable is taken from
 * @param binDirectory where the runtime looks for plugins, for example {@code /opt/cni/bin}
 * @param confDirectory where it looks for network lists, for example {@code /etc/cni/net.d}
 * @param chained types of the plugins that follow ours in the list
 */
public record CniFiles(
        Path executable, Path binDirectory, Path confDirectory, List<String> chained) {

    /** Makes paths absolute and keeps a copy of the list. */
    public CniFiles {
        executable = executable.toAbsolutePath();
        binDirectory = binDirectory.toAbsolutePath();
        confDirectory = confDirectory.toAbsolutePath();
        chained = List.copyOf(chained);
    }
}
