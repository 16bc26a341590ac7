package dev.culvert.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.probe.PeerHealth.State;
import org.junit.jupiter.api.Test;

class PeerTrackTest {
    private final PeerTrack track = new PeerTrack();

    private void answers(int count) {
        for (int i = 0; i < count; i++) {
            track.answered(1000, 5);
        }
    }

    private void losses(int count) {
        for (int i = 0; i < count; i++) {
            track.lost();
        }
    }

    @Test
    void knowsNothingBeforeTheFirstProbe() {
        assertThat(track.health()).isEqualTo(PeerHealth.UNKNOWN);
    }

    @Test
    void isUpWithTheFirstAnswer() {
        track.answered(8000, 77);
        assertThat(track.health()).isEqualTo(new PeerHealth(State.UP, 8000L, 0.0, 77L));
        assertThat(track.isUndecided()).isFalse();
    }

    @Test
    void aNewTimeCountsForAnEighth() {
        track.answered(8000, 1);
        track.answered(16_000, 2);
        assertThat(track.health().rttNanos()).isEqualTo(9000);
        track.answered(1000, 3);
        assertThat(track.health().rttNanos()).isEqualTo(8000);
    }

    @Test
    void threeLossesInARowMakeItDownAndTwoAnswersBringItBack() {
        answers(15);
        losses(2);
        assertThat(track.state()).isEqualTo(State.LOSSY);
        losses(1);
        assertThat(track.state()).isEqualTo(State.DOWN);
        answers(1);
        assertThat(track.state()).isEqualTo(State.DOWN);
        assertThat(track.isUndecided()).isTrue();
        answers(1);
        assertThat(track.state()).isEqualTo(State.UP);
        assertThat(track.health().lossRatio()).as("what was before it came back").isZero();
    }

    @Test
    void onceItAnsweredASingleLossIsNotYetADownPeer() {
        answers(1);
        losses(2);
        assertThat(track.state()).isEqualTo(State.UP);
        answers(1);
        losses(2);
        assertThat(track.state()).isEqualTo(State.UP);
        losses(1);
        assertThat(track.state()).isEqualTo(State.DOWN);
    }

    @Test
    void oneThatNeverAnsweredIsDownAfterThreeLosses() {
        losses(2);
        assertThat(track.state()).isEqualTo(State.UNKNOWN);
        losses(1);
        assertThat(track.state()).isEqualTo(State.DOWN);
        assertThat(track.health().lossRatio()).isEqualTo(1.0);
        assertThat(track.isUndecided()).as("nobody hurries for a peer that is away").isFalse();
    }

    @Test
    void lossMustFallMuchLowerThanItRoseToBeForgotten() {
        answers(18);
        losses(1);
        assertThat(track.state()).isEqualTo(State.UP);
        answers(1);
        losses(1);
        assertThat(track.health().lossRatio()).isEqualTo(0.1);
        assertThat(track.state()).isEqualTo(State.LOSSY);
        answers(17);
        assertThat(track.health().lossRatio()).isEqualTo(0.1);
        assertThat(track.state()).isEqualTo(State.LOSSY);
        answers(1);
        assertThat(track.health().lossRatio()).isEqualTo(0.05);
        assertThat(track.state()).isEqualTo(State.UP);
    }

    @Test
    void everyOtherProbeLostIsLossyAndNotDown() {
        for (int i = 0; i < PeerTrack.WINDOW; i++) {
            answers(1);
            losses(1);
        }
        assertThat(track.state()).isEqualTo(State.LOSSY);
        assertThat(track.health().lossRatio()).isEqualTo(0.5);
    }
}
