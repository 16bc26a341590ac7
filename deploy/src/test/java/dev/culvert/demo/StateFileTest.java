package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The record of the demo's processes. */
class StateFileTest {
    @TempDir private Path folder = Path.of("");

    @Test
    void listsOnlyTheProcessesThatStillRun() throws IOException {
        StateFile state = new StateFile(folder.resolve("demo"));
        ProcessIdentity self = ProcessIdentity.of(ProcessHandle.current().pid());
        state.add(new ProcessIdentity(self.pid(), self.startTicks() + 1));
        state.add(self);

        assertThat(state.alive()).containsExactly(self);
    }

    @Test
    void removesItsFolderWhenNothingElseIsInIt() throws IOException {
        StateFile state = new StateFile(folder.resolve("demo"));
        state.add(new ProcessIdentity(1, 1));

        state.delete();

        assertThat(folder.resolve("demo")).doesNotExist();
    }

    @Test
    void isEmptyBeforeAnythingRan() {
        assertThat(new StateFile(folder.resolve("none")).alive()).isEmpty();
    }
}
