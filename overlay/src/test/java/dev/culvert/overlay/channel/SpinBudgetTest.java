package dev.culvert.overlay.channel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpinBudgetTest {
    private static final long WINDOW = 50_000;

    @Test
    void neverSpinsWhenItIsOff() {
        assertThat(new SpinBudget(0).window(1)).isZero();
    }

    @Test
    void spinningThatFindsSomethingIsFree() {
        SpinBudget budget = new SpinBudget(50);
        for (int i = 0; i < 10_000; i++) {
            assertThat(budget.window(i * WINDOW)).isEqualTo(WINDOW);
        }
    }

    @Test
    void spinsInVainForAnEighthOfTheTimeAtMost() {
        SpinBudget budget = new SpinBudget(50);
        long spent = 0;
        long now = 0;
        while (now < 10_000_000_000L) {
            long window = budget.window(now);
            budget.spentInVain(window);
            spent += window;
            now += window + 1_000;
        }
        assertThat(spent).isBetween(now / 10, now / 8 + 65 * WINDOW);
    }

    @Test
    void recoversWhileNothingHappens() {
        SpinBudget budget = new SpinBudget(50);
        long now = 0;
        for (int i = 0; i < 1000; i++) {
            budget.spentInVain(budget.window(now));
        }
        assertThat(budget.window(now)).isZero();
        assertThat(budget.window(now + 8 * WINDOW + 1_000)).isEqualTo(WINDOW);
    }
}
