package dev.culvert.agent.policy;

import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Policies as people write them. */
final class TestYaml {
    private static final JsonMapper JSON = new JsonMapper();

    private TestYaml() {}

    static JsonNode read(String yaml) {
        return JSON.valueToTree(
                new Load(LoadSettings.builder().build()).loadFromString(yaml.strip()));
    }
}
