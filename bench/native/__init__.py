"""Small tasks that show what a model server's model manages with the native agent."""
