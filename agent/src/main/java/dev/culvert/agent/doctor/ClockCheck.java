package dev.culvert.agent.doctor;

import java.io.IOException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** How far this node's clock is from the API server's, by the date of an answer. Immutable. */
public record ClockCheck(DateSource source, Clock clock) implements Check {
    private static final Duration MUCH = Duration.ofSeconds(30);

    /** Asks for any answer. */
    @FunctionalInterface
    public interface DateSource {
        /** The header {@code Date}, as in RFC 9110; empty if there is no server to ask. */
        String date() throws IOException, InterruptedException;
    }

    @Override
    public List<Finding> look(Machine machine) {
        try {
            String date = source.date();
            if (date.isEmpty()) {
                return List.of(Finding.unchecked("clock", "no API server is known here"));
            }
            Instant theirs =
                    ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            Duration apart = Duration.between(theirs, clock.instant()).abs();
            String text = "%d s from the API server's".formatted(apart.toSeconds());
            return List.of(
                    apart.compareTo(MUCH) > 0
                            ? Finding.problem(
                                    "clock",
                                    text,
                                    "Certificates and tokens will be refused: let a time service"
                                            + " such as chrony run.")
                            : Finding.ok("clock", text));
        } catch (IOException | DateTimeException e) {
            return List.of(
                    Finding.unchecked("clock", "the API server does not tell: " + e.getMessage()));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return List.of(Finding.unchecked("clock", "interrupted"));
        }
    }
}
