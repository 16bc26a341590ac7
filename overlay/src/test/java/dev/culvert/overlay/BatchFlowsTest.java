package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchFlowsTest {
    private final BatchFlows flows = new BatchFlows();

    @Test
    void givesFlowsWithFewPacketsTheirTurnFirst() {
        add(7, 7, 7, 7, 5, 7, 5, 3);

        assertThat(turns()).containsExactly(7, 4, 6, 0, 1, 2, 3, 5);
    }

    @Test
    void keepsTheOrderOfEqualFlows() {
        add(9, 1, 5);

        assertThat(turns()).containsExactly(0, 1, 2);
    }

    @Test
    void takesAWholeBatchOfFlows() {
        for (int i = 0; i < 64; i++) {
            flows.add(i, 1000 - i);
        }

        assertThat(turns()).hasSize(64).isSorted();
    }

    @Test
    void remembersNothingOfTheBatchBefore() {
        add(1, 2, 3);
        flows.clear();
        add(2);

        assertThat(turns()).containsExactly(0);
        assertThat(flows.hash(0)).isEqualTo(2);
    }

    private void add(int... hashes) {
        for (int i = 0; i < hashes.length; i++) {
            flows.add(i, hashes[i]);
        }
    }

    private List<Integer> turns() {
        List<Integer> turns = new ArrayList<>();
        int count = flows.sort();
        for (int rank = 0; rank < count; rank++) {
            for (int i = flows.first(rank); i >= 0; i = flows.after(i)) {
                turns.add(i);
            }
        }
        return turns;
    }
}
