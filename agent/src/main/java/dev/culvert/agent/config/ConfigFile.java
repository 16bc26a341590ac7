package dev.culvert.agent.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads a YAML mapping of scalars and lists of scalars, and keeps the line of each entry. */
final class ConfigFile {

    /** What the file says for a key: {@code items} is one value unless {@code list}. */
    record Entry(int line, boolean list, List<String> items) {}

    private final String file;

    private ConfigFile(String file) {
        this.file = file;
    }

    static Map<String, Entry> parse(String file, String text) throws ConfigException {
        return new ConfigFile(file).entries(text);
    }

    private Map<String, Entry> entries(String text) throws ConfigException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        Node root = compose(text);
        if (root == null || isNull(root)) {
            return entries;
        }
        if (!(root instanceof MappingNode mapping)) {
            throw at(root, "the file must hold 'key: value' lines");
        }
        for (NodeTuple tuple : mapping.getValue()) {
            String key = scalar(tuple.getKeyNode(), "a key");
            Entry entry = entry(key, tuple.getKeyNode(), tuple.getValueNode());
            Entry earlier = entries.put(key, entry);
            if (earlier != null) {
                throw at(
                        tuple.getKeyNode(),
                        "'%s' is there twice, first in line %d".formatted(key, earlier.line()));
            }
        }
        return entries;
    }

    @org.jspecify.annotations.Nullable
    private Node compose(String text) throws ConfigException {
        try {
            LoadSettings settings = LoadSettings.builder().setLabel(file).build();
            return new Compose(settings).composeString(text).orElse(null);
        } catch (MarkedYamlEngineException e) {
            throw new ConfigException(
                    "%s line %d: this is not YAML: %s"
                            .formatted(file, line(e.getProblemMark()), e.getProblem()));
        } catch (YamlEngineException e) {
            throw new ConfigException("%s: this is not YAML: %s".formatted(file, reason(e)));
        }
    }

    private Entry entry(String key, Node keyNode, Node value) throws ConfigException {
        int line = line(keyNode.getStartMark());
        if (value instanceof SequenceNode sequence) {
            List<String> items = new ArrayList<>();
            for (Node item : sequence.getValue()) {
                items.add(scalar(item, "an item of '" + key + "'"));
            }
            return new Entry(line, true, List.copyOf(items));
        }
        return new Entry(line, false, List.of(scalar(value, "'" + key + "'")));
    }

    private String scalar(Node node, String what) throws ConfigException {
        if (node instanceof ScalarNode scalar && !isNull(node)) {
            return scalar.getValue();
        }
        throw at(node, what + " must be a plain value");
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private ConfigException at(Node node, String problem) {
        return new ConfigException(
                "%s line %d: %s".formatted(file, line(node.getStartMark()), problem));
    }

    private static int line(Optional<Mark> mark) {
        return mark.map(each -> each.getLine() + 1).orElse(1);
    }

    private static String reason(Exception e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
