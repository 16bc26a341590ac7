package dev.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class IoVectorTest {
    private final IoVector vector = new IoVector(Arena.ofAuto(), 3);

    @Test
    void joinsNeighbours() {
        vector.add(1000, 10);
        vector.add(1010, 5);
        vector.add(2000, 1);

        assertThat(vector.count()).isEqualTo(2);
        assertThat(vector.length(0)).isEqualTo(15);
        assertThat(vector.base(1)).isEqualTo(2000);
        assertThat(vector.bytes()).isEqualTo(16);
    }

    @Test
    void leavesOutEmptyPieces() {
        vector.add(1000, 0);

        assertThat(vector.count()).isZero();
    }

    @Test
    void copiesEveryRange() {
        vector.add(1000, 3);
        vector.add(2000, 4);
        vector.add(3000, 2);
        IoVector part = new IoVector(Arena.ofAuto(), 3);

        part.copyRange(vector, 2, 6);

        assertThat(part.count()).isEqualTo(3);
        assertThat(part.base(0)).isEqualTo(1002);
        assertThat(part.length(0)).isEqualTo(1);
        assertThat(part.base(2)).isEqualTo(3000);
        assertThat(part.length(2)).isEqualTo(1);
        assertThat(part.bytes()).isEqualTo(6);
    }

    @Test
    void refusesMoreThanItsCapacity() {
        vector.add(1000, 1);
        vector.add(2000, 1);
        vector.add(3000, 1);

        assertThat(vector.hasRoom(1)).isFalse();
        assertThatThrownBy(() -> vector.add(4000, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void startsAfreshAfterClear() {
        vector.add(1000, 10);
        vector.clear();
        vector.add(1010, 10);

        assertThat(vector.count()).isEqualTo(1);
        assertThat(vector.base(0)).isEqualTo(1010);
    }
}
