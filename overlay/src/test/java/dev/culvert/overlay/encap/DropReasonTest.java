package dev.culvert.overlay.encap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DropReasonTest {
    /** The page is a contract: a reason that is new or renamed must be so there, too. */
    @ParameterizedTest
    @EnumSource
    void isDocumented(DropReason reason) throws IOException {
        assertThat(Files.readString(Path.of("../docs/metrics.md")))
                .contains("| %s | `%s` |".formatted(reason.direction().label(), reason.label()));
    }
}
