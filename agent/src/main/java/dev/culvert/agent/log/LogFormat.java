package dev.culvert.agent.log;

import java.util.Locale;

/** The form of a line. */
public enum LogFormat {
    /** For people: time, level, thread, class, message with key=value. */
    TEXT("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%t] %c{1}: %m%n%throwable{short.message}"),
    /** An object a line. */
    JSON(
            "{\"time\":\"%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}\",\"level\":\"%level{lowerCase=true}\","
                    + "\"thread\":\"%enc{%t}{JSON}\",\"logger\":\"%c{1}\",\"message\":\"%enc{%m}{JSON}\","
                    + "\"error\":\"%enc{%throwable{short.message}}{JSON}\"}%n");

    private final String pattern;

    LogFormat(String pattern) {
        this.pattern = pattern;
    }

    String pattern() {
        return pattern;
    }

    /** The one with this name. */
    public static LogFormat of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
