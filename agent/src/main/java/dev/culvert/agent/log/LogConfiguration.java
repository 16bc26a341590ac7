package dev.culvert.agent.log;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.ErrorHandler;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.config.AbstractConfiguration;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.jspecify.annotations.Nullable;

/**
 * log4j's configuration in code: standard error behind a queue. A full queue loses lines, which the
 * next line tells, rather than hold up who logs.
 */
final class LogConfiguration extends AbstractConfiguration {
    private static final int QUEUE = 1024;
    private static final long FLUSH_MILLIS = 2000;
    private static final String CONSOLE = "stderr";
    private static final String LOST = "lost";

    private final LogFormat format;
    private final LongAdder lost = new LongAdder();

    LogConfiguration(@Nullable LoggerContext context, LogFormat format) {
        super(context, ConfigurationSource.NULL_SOURCE);
        this.format = format;
        isShutdownHookEnabled = false; // the agent logs until it is closed, and closes the log
    }

    LogFormat format() {
        return format;
    }

    @Override
    protected void doConfigure() {
        ConsoleAppender console =
                ConsoleAppender.newBuilder()
                        .setTarget(ConsoleAppender.Target.SYSTEM_ERR)
                        .setName(CONSOLE)
                        .setLayout(layout())
                        .setConfiguration(this)
                        .build();
        Lost counter = new Lost(lost);
        console.start();
        counter.start();
        addAppender(console);
        addAppender(counter);
        AsyncAppender queue =
                AsyncAppender.newBuilder()
                        .setName("queue")
                        .setAppenderRefs(new AppenderRef[] {reference(CONSOLE)})
                        .setErrorRef(LOST)
                        .setBlocking(false)
                        .setBufferSize(QUEUE)
                        .setShutdownTimeout(FLUSH_MILLIS)
                        .setConfiguration(this)
                        .build();
        queue.setHandler(new Quiet());
        queue.addFilter(new RepeatLimit(lost, System::nanoTime));
        queue.start();
        addAppender(queue);
        getRootLogger().addAppender(queue, null, null);
        getRootLogger().setLevel(Level.INFO);
        addLogger("io.fabric8", new LoggerConfig("io.fabric8", Level.OFF, true));
        addLogger("io.netty", new LoggerConfig("io.netty", Level.WARN, true));
    }

    PatternLayout layout() {
        return PatternLayout.newBuilder()
                .setConfiguration(this)
                .setCharset(StandardCharsets.UTF_8)
                .setPattern(format.pattern())
                .setAlwaysWriteExceptions(false)
                .build();
    }

    private static AppenderRef reference(String name) {
        return AppenderRef.createAppenderRef(name, null, null);
    }

    /** Counts what found the queue full. */
    private static final class Lost extends AbstractAppender {
        private final LongAdder count;

        Lost(LongAdder count) {
            super(LOST, null, null, true, Property.EMPTY_ARRAY);
            this.count = count;
        }

        @Override
        public void append(LogEvent event) {
            count.increment();
        }
    }

    /** log4j would complain of a full queue on standard error, and wait for it. */
    private static final class Quiet implements ErrorHandler {
        @Override
        public void error(String message) {}

        @Override
        public void error(String message, Throwable problem) {}

        @Override
        public void error(String message, LogEvent event, Throwable problem) {}
    }
}
