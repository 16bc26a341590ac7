package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class NamedTest {
    @Test
    void readsNamesInAnyOrderAndEachOnce() {
        assertThat(Named.list(Run.class, "udp64, tcp1,udp64")).containsExactly(Run.TCP1, Run.UDP64);
    }

    @Test
    void saysWhichNameIsWrongAndWhichAreRight() {
        assertThatThrownBy(() -> Named.list(Underlay.class, "wire,wires"))
                .hasMessage("does not know 'wires'; it takes default,wire");
        assertThatThrownBy(() -> Named.list(Underlay.class, "")).hasMessageContaining("''");
    }

    @Test
    void findsEveryConstantByItsName() {
        assertThat(Named.list(Mode.class, Named.join(Named.all(Mode.class))))
                .containsExactly(Mode.values());
    }
}
