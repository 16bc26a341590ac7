package dev.culvert.agent.install;

import dev.culvert.agent.config.CniFilesConfig;
import java.net.URI;
import java.nio.file.Path;

/** What the settings say about the files for the container runtime, in full. Stateless. */
public final class InstalledFiles {
    private InstalledFiles() {}

    /** What {@code settings} mean on this machine. */
    public static CniFiles of(CniFilesConfig settings) {
        return new CniFiles(
                settings.isOwnExecutable() ? besideTheProgram() : settings.executable(),
                settings.binDir(),
                settings.confDir(),
                settings.chained());
    }

    private static Path besideTheProgram() {
        URI jar =
                URI.create(
                        InstalledFiles.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toString());
        return Path.of(jar).resolveSibling("culvert-cni");
    }
}
