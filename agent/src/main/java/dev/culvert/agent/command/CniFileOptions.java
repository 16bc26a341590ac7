package dev.culvert.agent.command;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.CniFilesConfig;
import dev.culvert.agent.config.ConfigException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say where the files for the container runtime are, over the settings. */
final class CniFileOptions {
    private static final Path USUAL_CONF_DIR = Path.of("/etc/cni/net.d");

    @Option(
            names = "--bin-dir",
            paramLabel = "DIR",
            description = "Where the runtime looks for executables, instead of cniBinDir.")
    private @Nullable Path binDir;

    @Option(
            names = "--conf-dir",
            paramLabel = "DIR",
            description =
                    "Where the runtime looks for network lists, instead of cniConfDir; if that is"
                            + " empty /etc/cni/net.d.")
    private @Nullable Path confDir;

    @Option(
            names = "--executable",
            paramLabel = "FILE",
            description = "Where culvert-cni is taken from, instead of cniExecutable.")
    private @Nullable Path executable;

    /** The settings with the options over them. */
    CniFilesConfig settings(Path file, Map<String, String> environment) throws ConfigException {
        CniFilesConfig settings = AgentConfig.load(file, environment).cniFiles();
        Path usual = settings.isEnabled() ? settings.confDir() : USUAL_CONF_DIR;
        return new CniFilesConfig(
                Objects.requireNonNullElse(confDir, usual),
                Objects.requireNonNullElse(binDir, settings.binDir()),
                Objects.requireNonNullElse(executable, settings.executable()),
                settings.chained());
    }
}
