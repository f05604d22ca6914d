package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"escale/clients/text"
)

// helpCommand shows the help of the command that its words name.
func (p *program) helpCommand() *cobra.Command {
	return &cobra.Command{Use: "help [COMMAND]…", Short: p.say.S(text.HelpHelp), SilenceUsage: true, SilenceErrors: true,
		RunE: func(c *cobra.Command, words []string) error {
			named, rest, err := c.Root().Find(words)
			if err != nil || len(rest) > 0 {
				return errUsage
			}
			return named.Help()
		}}
}

// help writes the help of a command in the chosen language.
func (p *program) help(c *cobra.Command, _ []string) {
	var b strings.Builder
	b.WriteString(c.Short + "\n\n")
	if c.Long != "" {
		b.WriteString(c.Long + "\n\n")
	}
	b.WriteString(p.say.S(text.UsageUsage) + "\n  " + usageLine(c) + "\n")
	if c.HasAvailableSubCommands() {
		b.WriteString("\n" + p.say.S(text.UsageCommands) + "\n")
		for _, child := range c.Commands() {
			if !child.Hidden {
				fmt.Fprintf(&b, "  %-12s %s\n", child.Name(), child.Short)
			}
		}
	}
	writeFlags(&b, p.say.S(text.UsageFlags), c.LocalNonPersistentFlags())
	writeFlags(&b, p.say.S(text.UsageGlobalFlags), c.Root().PersistentFlags())
	b.WriteString("\n" + p.say.S(text.UsageExitCodes) + "\n")
	if c.HasAvailableSubCommands() {
		b.WriteString("\n" + p.say.S(text.UsageMore, "command", c.CommandPath()+" …") + "\n")
	}
	c.Print(b.String())
}

func usageLine(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " …"
	}
	return c.UseLine()
}

func writeFlags(b *strings.Builder, heading string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	b.WriteString("\n" + heading + "\n")
	flags.VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Value.Type() != "bool" {
			name += " " + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		}
		fmt.Fprintf(b, "  %-42s %s\n", name, f.Usage)
	})
}
