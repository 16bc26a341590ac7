package dev.culvert.agent.log;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.filter.AbstractFilter;

/**
 * Lets at most {@value #MOST} lines of the same template through in each minute, whatever their
 * values, and tells afterwards how many it held back. It has no thread: it tells when something
 * else is logged. Any thread.
 */
final class RepeatLimit extends AbstractFilter {
    static final int MOST = 20;
    private static final long WINDOW = TimeUnit.MINUTES.toNanos(1);

    /** More templates than the code has: what makes its own is not remembered for ever. */
    private static final int TEMPLATES = 512;

    private final LongAdder lost;
    private final LongSupplier clock;
    private final Map<String, Window> windows = new HashMap<>();

    /** What was logged of a template since its window began. */
    private static final class Window {
        private final long begin;
        private int passed;
        private long held;

        Window(long begin) {
            this.begin = begin;
        }
    }

    /**
     * @param lost lines that found the queue full
     * @param clock nanoseconds
     */
    RepeatLimit(LongAdder lost, LongSupplier clock) {
        this.lost = lost;
        this.clock = clock;
    }

    /** The template is what is asked for, though log4j would rather have it called a message. */
    @SuppressWarnings("deprecation")
    private static String template(LogEvent event) {
        return event.getLoggerName() + " " + event.getMessage().getFormat();
    }

    @Override
    public Result filter(LogEvent event) {
        if (RepeatLimit.class.getName().equals(event.getLoggerName())) {
            return Result.NEUTRAL;
        }
        long now = clock.getAsLong();
        Map<String, Long> held = new HashMap<>();
        boolean passes = note(template(event), now, held);
        tell(held);
        return passes ? Result.NEUTRAL : Result.DENY;
    }

    private synchronized boolean note(String template, long now, Map<String, Long> held) {
        for (Iterator<Map.Entry<String, Window>> each = windows.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<String, Window> entry = each.next();
            if (now - entry.getValue().begin >= WINDOW) {
                if (entry.getValue().held > 0) {
                    held.put(entry.getKey(), entry.getValue().held);
                }
                each.remove();
            }
        }
        if (windows.size() >= TEMPLATES && !windows.containsKey(template)) {
            return true;
        }
        Window window = windows.computeIfAbsent(template, _ -> new Window(now));
        if (window.passed < MOST) {
            window.passed++;
            return true;
        }
        window.held++;
        return false;
    }

    private void tell(Map<String, Long> held) {
        held.forEach(
                (template, count) -> log().warn("held back lines={} like: {}", count, template));
        long gone = lost.sumThenReset();
        if (gone > 0) {
            log().warn("lines={} were lost, since standard error is read too slowly", gone);
        }
    }

    private static Logger log() {
        return LogManager.getLogger(RepeatLimit.class);
    }
}
