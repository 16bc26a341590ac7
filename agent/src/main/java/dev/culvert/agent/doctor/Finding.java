package dev.culvert.agent.doctor;

/**
 * What a check found. Immutable.
 *
 * @param check its name
 * @param level {@code ok}, {@code warning}, {@code problem}, or {@code unchecked}
 * @param text what is, a sentence
 * @param remedy what to do; empty when there is nothing to do
 */
public record Finding(String check, String level, String text, String remedy) {

    static Finding ok(String check, String text) {
        return new Finding(check, "ok", text, "");
    }

    static Finding warning(String check, String text, String remedy) {
        return new Finding(check, "warning", text, remedy);
    }

    static Finding problem(String check, String text, String remedy) {
        return new Finding(check, "problem", text, remedy);
    }

    /** It could not be looked at. */
    public static Finding unchecked(String check, String text) {
        return new Finding(check, "unchecked", text, "");
    }

    /** Whether somebody must act. */
    public boolean isProblem() {
        return level.equals("problem");
    }
}
