package dev.culvert.agent.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of what the agent installs for the container runtime, checked. Immutable, any
 * thread. Components are the {@link Settings} {@code cniConfDir}, {@code cniBinDir}, {@code
 * cniExecutable} and {@code cniChained}.
 *
 * @param confDir the empty path when nothing is to be installed
 * @param executable the empty path for the one beside the program
 */
public record CniFilesConfig(Path confDir, Path binDir, Path executable, List<String> chained) {

    /** Whether the agent is to install anything. */
    public boolean isEnabled() {
        return !isEmpty(confDir);
    }

    /** Whether the executable is the one beside the program. */
    public boolean isOwnExecutable() {
        return isEmpty(executable);
    }

    private static boolean isEmpty(Path path) {
        return path.toString().isEmpty();
    }

    /** Name and value of each, for the log. */
    Map<String, String> printable() {
        Map<String, String> printable = new LinkedHashMap<>();
        printable.put("cniConfDir", confDir.toString());
        printable.put("cniBinDir", binDir.toString());
        printable.put("cniExecutable", executable.toString());
        printable.put("cniChained", chained.toString());
        return printable;
    }
}
