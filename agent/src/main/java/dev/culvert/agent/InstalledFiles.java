package dev.culvert.agent;

import dev.culvert.agent.config.CniFilesConfig;
import dev.culvert.agent.install.CniFiles;
import java.net.URI;
import java.nio.file.Path;

/** What the settings say about the files for the container runtime, in full. Stateless. */
final class InstalledFiles {
    private InstalledFiles() {}

    static CniFiles of(CniFilesConfig settings) {
        return new CniFiles(
                settings.isOwnExecutable() ? besideTheProgram() : settings.executable(),
                settings.binDir(),
                settings.confDir(),
                settings.chained());
    }

    private static Path besideTheProgram() {
        URI jar =
                URI.create(
                        Main.class.getProtectionDomain().getCodeSource().getLocation().toString());
        return Path.of(jar).resolveSibling("culvert-cni");
    }
}
