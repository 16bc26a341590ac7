package dev.culvert.agent.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A folder with a file as the kubelet mounts a ConfigMap: the file is a link through {@code
 * ..data}, which is a link to a folder with a time in its name, and is replaced by a rename. One
 * thread.
 */
public final class MountedConfigMap {
    private final Path folder;
    private int version;

    /** Mounts it with this text. */
    public MountedConfigMap(Path folder, String text) throws IOException {
        this.folder = Files.createDirectories(folder);
        replace(text);
        Files.createSymbolicLink(file(), Path.of("..data", "culvert.yaml"));
    }

    /** Where the agent finds it. */
    public Path file() {
        return folder.resolve("culvert.yaml");
    }

    /** What the kubelet does when the ConfigMap was changed. */
    public void replace(String text) throws IOException {
        Path earlier = folder.resolve("..2026_11_23_%d".formatted(version++));
        Path now = folder.resolve("..2026_11_23_%d".formatted(version));
        Files.createDirectory(now);
        Files.writeString(now.resolve("culvert.yaml"), text);
        Path link = Files.createSymbolicLink(folder.resolve("..data_tmp"), now.getFileName());
        Files.move(link, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        if (Files.exists(earlier)) {
            Files.delete(earlier.resolve("culvert.yaml"));
            Files.delete(earlier);
        }
    }

    /** As if the key were removed from the ConfigMap. */
    public void removeFile() throws IOException {
        Files.delete(file());
    }
}
