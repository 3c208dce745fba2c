
print("hi")
