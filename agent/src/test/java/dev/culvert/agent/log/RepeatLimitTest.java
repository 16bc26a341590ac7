package dev.culvert.agent.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Filter;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.ParameterizedMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class RepeatLimitTest {
    private final AtomicLong clock = new AtomicLong();
    private final LongAdder lost = new LongAdder();
    private final RepeatLimit limit = new RepeatLimit(lost, clock::get);
    private final List<String> told = new ArrayList<>();
    private final AbstractAppender listener =
            new AbstractAppender("listener", null, null, true, Property.EMPTY_ARRAY) {
                @Override
                public void append(LogEvent event) {
                    told.add(event.getMessage().getFormattedMessage());
                }
            };

    @BeforeEach
    void listen() {
        listener.start();
        ((Logger) LogManager.getLogger(RepeatLimit.class)).addAppender(listener);
    }

    @AfterEach
    void stopListening() {
        ((Logger) LogManager.getLogger(RepeatLimit.class)).removeAppender(listener);
    }

    private static LogEvent event(String template, Object... values) {
        return Log4jLogEvent.newBuilder()
                .setLoggerName("dev.culvert.Test")
                .setLevel(Level.WARN)
                .setThreadName("main")
                .setMessage(new ParameterizedMessage(template, values))
                .build();
    }

    private int passed(String template, int times) {
        int passed = 0;
        for (int i = 0; i < times; i++) {
            passed += limit.filter(event(template, i)) == Filter.Result.DENY ? 0 : 1;
        }
        return passed;
    }

    @Test
    void holdsBackWhatDiffersInItsValuesOnly() {
        assertThat(passed("peer={} is gone", 25)).isEqualTo(RepeatLimit.MOST);
        assertThat(passed("peer={} is back", 3)).isEqualTo(3);
        assertThat(told).isEmpty();
    }

    @Test
    void tellsAfterwardsHowMuchItHeldBack() {
        passed("peer={} is gone", 25);
        clock.addAndGet(TimeUnit.MINUTES.toNanos(1));
        assertThat(passed("peer={} is back", 1)).isEqualTo(1);
        assertThat(told)
                .containsExactly("held back lines=5 like: dev.culvert.Test peer={} is gone");
        assertThat(passed("peer={} is gone", 1)).isEqualTo(1);
        assertThat(told).hasSize(1);
    }

    @Test
    void tellsHowManyLinesFoundTheQueueFull() {
        lost.add(7);
        passed("peer={} is gone", 2);
        assertThat(told)
                .containsExactly("lines=7 were lost, since standard error is read too slowly");
    }

    @Test
    void remembersABoundedNumberOfTemplates() {
        for (int i = 0; i < 2000; i++) {
            passed("made up " + i, 1);
        }
        assertThat(passed("peer={} is gone", 25)).isEqualTo(25);
    }

    @Test
    void writesObjectsThatCanBeRead() {
        LogEvent event =
                Log4jLogEvent.newBuilder()
                        .setLoggerName("dev.culvert.agent.Agent")
                        .setLevel(Level.ERROR)
                        .setThreadName("a \"thread\"")
                        .setMessage(new ParameterizedMessage("two\nlines of {}", "\"text\""))
                        .setThrown(new IllegalStateException("bro\"ken"))
                        .build();
        String line = new LogConfiguration(null, LogFormat.JSON).layout().toSerializable(event);
        assertThat(line).endsWith("}" + System.lineSeparator());
        JsonNode object = new JsonMapper().readTree(line);
        assertThat(object.get("level").asString()).isEqualTo("error");
        assertThat(object.get("thread").asString()).isEqualTo("a \"thread\"");
        assertThat(object.get("logger").asString()).isEqualTo("Agent");
        assertThat(object.get("message").asString()).isEqualTo("two\nlines of \"text\"");
        assertThat(object.get("error").asString()).contains("bro\"ken");
    }
}
