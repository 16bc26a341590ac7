package dev.culvert.bench.scale.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PatchesTest {
    private static final ApiObject.Body NODE =
            version ->
                    ("{\"metadata\":{\"resourceVersion\":\"%d\",\"annotations\":{\"a\":\"1\"}},"
                                    + "\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}")
                            .formatted(version);

    @Test
    void mergesObjectsAndRemovesWhatIsNull() throws ApiStatus {
        assertThat(patched("{\"metadata\":{\"annotations\":{\"a\":null,\"b\":\"2\"}}}", false))
                .contains("\"annotations\":{\"b\":\"2\"}")
                .contains("\"resourceVersion\":\"7\"")
                .contains("Ready");
    }

    @Test
    void replacesListsUnlessThePatchIsStrategic() throws ApiStatus {
        String patch = "{\"status\":{\"conditions\":[{\"type\":\"New\",\"status\":\"False\"}]}}";
        assertThat(patched(patch, false)).contains("New").doesNotContain("Ready");
        assertThat(patched(patch, true)).contains("New").contains("Ready");
    }

    @Test
    void mergesAnElementOfTheSameType() throws ApiStatus {
        assertThat(
                        patched(
                                "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"reason\":\"x\"}]}}",
                                true))
                .contains("{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"x\"}");
    }

    private static String patched(String patch, boolean strategic) throws ApiStatus {
        return Patches.apply(NODE, Patches.read(patch), strategic).json(7);
    }
}
