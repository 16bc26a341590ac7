package dev.culvert.agent.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * An image with one static program that waits, made from source: what a sandbox is started from.
 *
 * @param program the program itself
 * @param archive the image as an OCI archive
 */
record PauseImage(Path program, Path archive) {
    static final String NAME = "localhost/culvert/pause:1";

    /** Compiles and packs it. */
    static PauseImage build(Path directory) throws IOException {
        Path source = directory.resolve("pause.c");
        try (InputStream code = PauseImage.class.getResourceAsStream("pause.c")) {
            Files.copy(Objects.requireNonNull(code), source);
        }
        Path root = Files.createDirectories(directory.resolve("rootfs"));
        Path program = root.resolve("pause");
        Shell.run(List.of("gcc", "-static", "-Os", "-s", "-o", "" + program, "" + source));
        Path layer = directory.resolve("layer.tar");
        tar(root, layer);
        Path image = Files.createDirectories(directory.resolve("image"));
        Path blobs = Files.createDirectories(image.resolve("blobs/sha256"));
        writeIndex(image, writeManifest(blobs, Files.readAllBytes(layer)));
        Path archive = directory.resolve("pause.tar");
        tar(image, archive);
        return new PauseImage(program, archive);
    }

    private static void tar(Path folder, Path to) throws IOException {
        Shell.run(List.of("tar", "--owner=0", "--group=0", "-C", "" + folder, "-cf", "" + to, "."));
    }

    /** Returns the manifest's own descriptor. */
    private static String writeManifest(Path blobs, byte[] layer) throws IOException {
        String layerDescriptor = blob(blobs, "application/vnd.oci.image.layer.v1.tar", layer, "");
        String config =
                """
                {"architecture":"%s","os":"linux","config":{"Entrypoint":["/pause"]},
                 "rootfs":{"type":"layers","diff_ids":["%s"]}}"""
                        .formatted(architecture(), digest(layer));
        String configDescriptor =
                blob(blobs, "application/vnd.oci.image.config.v1+json", config.getBytes(UTF_8), "");
        String manifest =
                "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
                        .formatted(configDescriptor, layerDescriptor);
        return blob(
                blobs,
                "application/vnd.oci.image.manifest.v1+json",
                manifest.getBytes(UTF_8),
                ",\"annotations\":{\"io.containerd.image.name\":\"" + NAME + "\"}");
    }

    private static void writeIndex(Path image, String manifest) throws IOException {
        Files.writeString(image.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(
                image.resolve("index.json"),
                "{\"schemaVersion\":2,\"manifests\":[" + manifest + "]}");
    }

    /** Stores a blob and returns its descriptor. */
    private static String blob(Path blobs, String type, byte[] content, String more)
            throws IOException {
        String digest = digest(content);
        Files.write(blobs.resolve(digest.substring("sha256:".length())), content);
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}"
                .formatted(type, digest, content.length, more);
    }

    private static String digest(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return "sha256:" + HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String architecture() {
        String name = System.getProperty("os.arch");
        return name.equals("aarch64") ? "arm64" : name;
    }
}
