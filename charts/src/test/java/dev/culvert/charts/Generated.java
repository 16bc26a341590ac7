package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that are made of others and committed. */
final class Generated {
    private static final String WRITE = "culvert.write";

    private Generated() {}

    /** Fails if the file is not this text, or writes it where {@code ./dev manifests} runs. */
    static void hold(String path, String text) throws IOException {
        Path file = Chart.file(path);
        if (System.getProperty(WRITE) != null) {
            Files.writeString(file, text);
        }
        String present = Files.exists(file) ? Files.readString(file) : "";
        assertThat(present)
                .as("%s is made of charts/culvert: run ./dev manifests, and commit it", path)
                .isEqualTo(text);
    }
}
