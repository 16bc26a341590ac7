package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class KnownObjectsTest {
    private final List<String> told = new ArrayList<>();
    private final Map<String, String> view = new TreeMap<>();
    private final KnownObjects<String> known =
            new KnownObjects<>(
                    (key, value) -> {
                        told.add(key + "=" + value);
                        view.put(key, value);
                    },
                    key -> {
                        told.add("-" + key);
                        view.remove(key);
                    });

    @Test
    void tellsDifferencesOnly() {
        list(10, "a", "1", "b", "1");
        list(20, "a", "1", "b", "2");
        known.present("a", 21, "1");
        assertThat(told).containsExactlyInAnyOrder("a=1", "b=1", "b=2");
        assertThat(known.size()).isEqualTo(2);
    }

    @Test
    void theFirstListIsTheDifferenceToWhatWasRemembered() {
        known.remember("a", "1");
        known.remember("b", "1");
        assertThat(told).isEmpty();
        list(10, "a", "1", "c", "1");
        assertThat(told).containsExactly("-b", "c=1");
    }

    @Test
    void theNewestVersionOfAnObjectCounts() {
        list(10);
        known.present("a", 12, "new");
        known.present("a", 11, "old");
        known.absent("a", 11);
        assertThat(view).containsEntry("a", "new");
        assertThat(known.isDoubtful()).isFalse();
    }

    @Test
    void aLateEventDoesNotBringBackWhatIsGone() {
        list(10);
        known.present("a", 11, "1");
        known.absent("a", 13);
        known.present("a", 12, "2");
        assertThat(view).isEmpty();
        known.present("a", 14, "3");
        assertThat(view).containsEntry("a", "3");
        assertThat(known.isDoubtful()).isFalse();
    }

    @Test
    void anObjectThatAnEarlierListShouldHaveHadIsDoubtful() {
        list(10);
        known.present("a", 9, "1");
        assertThat(known.isDoubtful()).isTrue();
        list(20);
        assertThat(known.isDoubtful()).isFalse();
        assertThat(view).isEmpty();
    }

    @Test
    void aServerWhoseVersionsGoBackIsDoubtful() {
        list(10);
        known.upTo(10);
        known.upTo(12);
        assertThat(known.isDoubtful()).isFalse();
        known.upTo(3);
        assertThat(known.isDoubtful()).isTrue();
    }

    @Test
    void remembersOnlySoManyOfTheDead() {
        list(0);
        for (int i = 1; i <= 10_001; i++) {
            known.absent("a" + i, i);
        }
        assertThat(known.isDoubtful()).isTrue();
    }

    /** The truth is a sequence of changes; it is told with repetitions and in disorder. */
    @Property(tries = 300)
    void isRightOnceAllWasToldHoweverItWas(
            @ForAll Random random, @ForAll @IntRange(min = 1, max = 60) int changes) {
        KnownObjectsTest test = new KnownObjectsTest();
        test.list(0);
        Map<String, String> truth = new TreeMap<>();
        List<Runnable> events = new ArrayList<>();
        for (int i = 1; i <= changes; i++) {
            int version = i;
            String key = "k" + random.nextInt(5);
            if (truth.containsKey(key) && random.nextInt(3) == 0) {
                truth.remove(key);
                events.add(() -> test.known.absent(key, version));
            } else {
                truth.put(key, "v" + version);
                events.add(() -> test.known.present(key, version, "v" + version));
            }
        }
        for (Runnable event : disordered(events, random)) {
            event.run();
        }
        assertThat(test.view).isEqualTo(truth);
    }

    private static List<Runnable> disordered(List<Runnable> events, Random random) {
        List<Runnable> told = new ArrayList<>(events);
        for (int i = 0; i < events.size(); i++) {
            int from = random.nextInt(told.size());
            if (random.nextBoolean()) {
                told.add(Math.min(told.size(), from + random.nextInt(5)), told.get(from));
            } else {
                told.add(Math.min(told.size() - 1, from + random.nextInt(5)), told.remove(from));
            }
        }
        return told;
    }

    private void list(long version, String... keysAndValues) {
        Map<String, KnownObjects.Entry<String>> list = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            list.put(keysAndValues[i], new KnownObjects.Entry<>(version, keysAndValues[i + 1]));
        }
        known.replace(list, version);
    }
}
