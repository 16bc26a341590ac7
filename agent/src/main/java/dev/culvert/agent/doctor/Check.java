package dev.culvert.agent.doctor;

import java.util.List;

/** Looks at one thing that a node needs. Any thread. */
@FunctionalInterface
public interface Check {

    /** What it found, one thing or several. */
    List<Finding> look(Machine machine);
}
