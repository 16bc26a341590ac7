package dev.culvert.demo;

import java.io.PrintStream;

/**
 * What the demo says on the terminal, as it happens. Colours only if {@code colour}; it counts what
 * failed. Any thread.
 */
final class Report {
    private static final String RESET = "\u001b[0m";
    private static final String BOLD = "\u001b[1m";
    private static final String GREEN = "\u001b[32m";
    private static final String RED = "\u001b[31m";

    private final PrintStream out;
    private final boolean colour;
    private int failures;

    Report(PrintStream out, boolean colour) {
        this.out = out;
        this.colour = colour;
    }

    /** A heading with an empty line before it. */
    synchronized void heading(String text) {
        out.println();
        out.println(paint(BOLD, text));
        out.flush();
    }

    /** A plain line. */
    synchronized void line(String text) {
        out.println(text);
        out.flush();
    }

    /** Text that is shown with two blanks before each of its lines. */
    void block(String text) {
        text.lines().forEach(each -> line("  " + each));
    }

    /** Something that had to hold and holds. */
    void success(String text) {
        line("  " + paint(GREEN, "ok") + "    " + text);
    }

    /** Something that had to hold and does not. */
    synchronized void failure(String text) {
        failures++;
        line("  " + paint(RED, "FAIL") + "  " + text);
    }

    /** Says that {@code text} holds or does not. */
    void check(boolean holds, String text) {
        if (holds) {
            success(text);
        } else {
            failure(text);
        }
    }

    /** A word in green or red. */
    String mark(boolean good, String word) {
        return paint(good ? GREEN : RED, word);
    }

    synchronized int failures() {
        return failures;
    }

    private String paint(String code, String text) {
        return colour ? code + text + RESET : text;
    }
}
