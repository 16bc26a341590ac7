package dev.culvert.bench.scale.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ResourceStoreTest {
    private final ResourceStore store = new ResourceStore("pods", "Pod", new AtomicLong(100));

    @Test
    void splitsAListAndStaysAtItsVersionWhileObjectsChange() throws ApiStatus {
        for (int i = 0; i < 5; i++) {
            put("pod-" + i, "n1");
        }
        ResourceStore.Page first = store.list(FieldSelector.ALL, 2, "");
        assertThat(keys(first)).containsExactly("pod-0", "pod-1");
        assertThat(first.remaining()).isEqualTo(3);
        store.remove("pod-3");
        put("pod-9", "n1");

        ResourceStore.Page second = store.list(FieldSelector.ALL, 2, first.next());
        ResourceStore.Page third = store.list(FieldSelector.ALL, 2, second.next());

        assertThat(keys(second)).containsExactly("pod-2", "pod-3");
        assertThat(keys(third)).containsExactly("pod-4");
        assertThat(third.next()).isEmpty();
        assertThat(List.of(second.version(), third.version())).containsOnly(first.version());
    }

    @Test
    void forgetsListsThatNobodyWentOnWith() throws ApiStatus {
        put("a", "n1");
        put("b", "n1");
        String token = store.list(FieldSelector.ALL, 1, "").next();
        for (int i = 0; i < 20; i++) {
            put("c" + i, "n1");
            store.list(FieldSelector.ALL, 1, "");
        }
        assertThatThrownBy(() -> store.list(FieldSelector.ALL, 1, token))
                .isInstanceOfSatisfying(
                        ApiStatus.class, status -> assertThat(status.code()).isEqualTo(410));
        assertThatThrownBy(() -> store.list(FieldSelector.ALL, 1, "nonsense"))
                .isInstanceOfSatisfying(
                        ApiStatus.class, status -> assertThat(status.code()).isEqualTo(400));
    }

    @Test
    void selectsByField() throws ApiStatus {
        put("a", "n1");
        put("b", "n2");
        assertThat(keys(store.list(FieldSelector.parse("spec.nodeName=n2"), 0, "")))
                .containsExactly("b");
        assertThat(keys(store.list(FieldSelector.parse("spec.nodeName!=n2"), 0, "")))
                .containsExactly("a");
        assertThatThrownBy(() -> FieldSelector.parse("spec.nodeName"))
                .hasMessageContaining("invalid field selector");
    }

    @Test
    void tellsWhatHappenedSinceAVersionAndGoesOn() throws ApiStatus {
        long version = put("a", "n1").version();
        put("b", "n1");
        store.remove("a");
        List<ResourceStore.Change> changes = new ArrayList<>();

        store.watch(version, changes::add);
        put("c", "n1");

        assertThat(changes).hasSize(3);
        assertThat(changes.get(1).after()).isNull();
        assertThat(changes)
                .extracting(ResourceStore.Change::version)
                .containsExactly(version + 1, version + 2, version + 3);
    }

    @Test
    void saysThatAVersionIsTooOld() throws ApiStatus {
        long version = put("a", "n1").version();
        for (int i = 0; i < 21_000; i++) {
            put("a", "n1");
        }
        assertThatThrownBy(() -> store.watch(version, _ -> {}))
                .isInstanceOfSatisfying(
                        ApiStatus.class, status -> assertThat(status.code()).isEqualTo(410));
    }

    private ApiObject put(String key, String node) {
        return store.put(
                new ApiObject(key, Map.of("spec.nodeName", node), 0, version -> "v" + version));
    }

    private static List<String> keys(ResourceStore.Page page) {
        return page.items().stream().map(ApiObject::key).toList();
    }
}
