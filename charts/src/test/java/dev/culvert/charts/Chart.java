package dev.culvert.charts;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A chart in a folder or an archive, and Helm. One thread. */
final class Chart {
    static final String RELEASE = "culvert";
    static final String NAMESPACE = "kube-system";

    private static final JsonMapper JSON = new JsonMapper();
    private static final Path ROOT = root();

    private final Path place;

    Chart(Path place) {
        this.place = place;
    }

    /** The project's. */
    static Chart ours() {
        return new Chart(file("charts/culvert"));
    }

    /** Puts another chart's files here, each as {@code change} makes it. */
    void copyOf(Chart other, UnaryOperator<String> change) throws IOException {
        try (Stream<Path> files = Files.walk(other.place)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = place.resolve(other.place.relativize(file).toString());
                Files.createDirectories(java.util.Objects.requireNonNull(copy.getParent()));
                Files.writeString(copy, change.apply(Files.readString(file)));
            }
        }
    }

    /** A file of the project. */
    static Path file(String path) {
        return ROOT.resolve(path);
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(folder.resolve("charts/culvert"))) {
            folder = java.util.Objects.requireNonNull(folder.getParent(), "no charts/culvert");
        }
        return folder;
    }

    LintResult lint() {
        return new Helm(place).lint().strict().call();
    }

    /** What {@code helm template} prints with these values over the chart's own. */
    String render(Map<String, ?> values) {
        return render(RELEASE, NAMESPACE, values);
    }

    String render(String release, String namespace, Map<String, ?> values) {
        try {
            Path file = Files.createTempFile("values", ".yaml"); // JSON is YAML
            try {
                Files.writeString(file, JSON.writeValueAsString(values));
                TemplateCommand template =
                        new Helm(place).template().withName(release).withNamespace(namespace);
                return template.withKubeVersion("1.31.0").withValuesFile(file).call();
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** What an operator reads after the installation. */
    String notes(Map<String, ?> values) throws IOException {
        Path file = Files.createTempFile("values", ".yaml");
        try {
            Files.writeString(file, JSON.writeValueAsString(values));
            String output =
                    new Helm(place)
                            .install()
                            .withName(RELEASE)
                            .withNamespace(NAMESPACE)
                            .withKubeVersion("1.31.0")
                            .clientOnly()
                            .dryRun()
                            .debug()
                            .withValuesFile(file)
                            .call()
                            .getOutput();
            return output.substring(output.indexOf("NOTES:"));
        } finally {
            Files.delete(file);
        }
    }

    /** The objects that are rendered, each with its fields as they are written. */
    List<JsonNode> objects(Map<String, ?> values) {
        return read(render(values));
    }

    /** The documents of a YAML text. */
    static List<JsonNode> read(String text) {
        LoadSettings settings = LoadSettings.builder().build();
        List<JsonNode> documents = new ArrayList<>();
        for (Object document : new Load(settings).loadAllFromString(text)) {
            if (document != null) {
                documents.add(JSON.valueToTree(document));
            }
        }
        return documents;
    }

    static JsonNode only(List<JsonNode> objects, String kind) {
        List<JsonNode> found =
                objects.stream().filter(each -> each.path("kind").asString().equals(kind)).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " objects of kind " + kind);
        }
        return found.getFirst();
    }

    /** Sets a value by its path with dots, in a copy. */
    static Map<String, Object> with(Map<String, ?> values, String path, Object value) {
        Map<String, Object> copy = new LinkedHashMap<>(values);
        int dot = path.indexOf('.');
        if (dot < 0) {
            copy.put(path, value);
            return copy;
        }
        String key = path.substring(0, dot);
        @SuppressWarnings("unchecked")
        Map<String, Object> inner =
                copy.get(key) instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
        copy.put(key, with(inner, path.substring(dot + 1), value));
        return copy;
    }
}
