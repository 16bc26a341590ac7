package dev.culvert.agent.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class AgentLogTest {
    private static final String LOGGER = "dev.culvert.agent.log.example";
    private final Map<String, String> before = AgentLog.levels();

    @AfterEach
    void restore() {
        before.forEach(AgentLog::set);
    }

    @Test
    void changesTheLevelOfAllOrOfOne() {
        AgentLog.set(AgentLog.ROOT, "debug");
        assertThat(AgentLog.levels()).containsEntry("root", "debug");
        assertThat(LogManager.getLogger(LOGGER).getLevel()).isEqualTo(Level.DEBUG);
        AgentLog.set(LOGGER, "ERROR");
        assertThat(AgentLog.levels()).containsEntry(LOGGER, "error");
        assertThat(LogManager.getLogger(LOGGER + ".Inner").getLevel()).isEqualTo(Level.ERROR);
        AgentLog.apply("warn", "text");
        assertThat(AgentLog.levels()).containsEntry("root", "warn").containsEntry(LOGGER, "error");
    }

    @Test
    void knowsFiveLevels() {
        assertThatThrownBy(() -> AgentLog.set(AgentLog.ROOT, "loud"))
                .hasMessage("'loud' is no level: error, warn, info, debug and trace are");
    }
}
